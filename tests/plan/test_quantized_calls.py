"""Rules Q6 to Q8: quantized operators as single calls, of integers."""

from __future__ import annotations

import numpy as np
import pytest

from onnx2py.plan.quantized_calls import compute_with_integers
from onnx2py.plan.weight_scales import scales_of
from tests.plan.support import after

HEAD = """
    g (x: uint8[1, 2, 5, 5], a: float32[1, 2, 5, 5]) => ({outputs})
      w: float32[2, 2] = {{3, -7, 127, 0}}
      d: float32[3, 3, 2] = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9}}
      f: float32[2, 2] = {{0.25, 1.5, 31.75, 2.0}}
      odd: float32[2, 2] = {{0.25, 1.5, 31.75, 0.31}}
      b: float32[2] = {{1, 2}}
      scale: float32[2, 1, 1] = {{0.5, 0.25}}
      zero: uint8[] = {{5}}
    calls
    """


def changed(calls: str, outputs: str = "y") -> str:
    """Return the calls after the rules, one a line."""
    head = HEAD.format(outputs=outputs)
    body = "\n".join(f"      {line}" for line in lines(calls).splitlines())
    text = after(compute_with_integers, head.rstrip() + "\n" + body)
    text = text.replace(";1", "").replace("`", "")  # of new names
    return lines(text.partition("calls\n")[2])


def lines(text: str) -> str:
    """Return the lines with types in place of ``U``, ``S`` and ``F``."""
    for letter, dtype in (("U", "uint8"), ("S", "int8"), ("F", "float32")):
        text = text.replace(f": {letter} =", f": {dtype}[1, 2, 5, 5] =")
    return "\n".join(line.strip() for line in text.strip().splitlines())


def unchanged(calls: str, outputs: str = "y") -> None:
    assert changed(calls, outputs) == lines(calls)


def test_q6_a_convolution_of_integers():
    before = """
        c: F = ops.subtract_zero_point(x, 7)  # v: A
        s: F = ops.conv_pointwise(c, w, b)  # v: A
        y: U = ops.requantize(s, scale, zero)  # v: A
        """
    assert changed(before) == lines("""
        y: U = ops.qlinear_conv_pointwise(x, w, b, scale, zero, 7)  # v: A + v: A
        """)  # fmt: skip


def test_q6_integers_from_one_to_the_next():
    before = """
        c: F = ops.subtract_zero_point(x)  # v: A
        s: F = ops.conv_pointwise(c, w)  # v: A
        t: F = ops.requantize_centered(s, scale, zero)  # v: A
        r: float32[1, 2, 3, 3] = ops.conv_depthwise(t, d, b, strides=(2, 2))
        y: uint8[1, 2, 3, 3] = ops.requantize(r, scale, zero)
        """
    assert changed(before) == lines("""
        t: U = ops.qlinear_conv_pointwise(x, w, None, scale, zero, 0)  # v: A + v: A
        y: uint8[1, 2, 3, 3] = ops.qlinear_conv_depthwise(t, d, b, scale, zero, 5, strides=(2, 2))
        """)  # fmt: skip


def test_q6_floats_for_those_who_read_them():
    before = """
        c: F = ops.subtract_zero_point(x, 7)  # v: A
        s: F = ops.conv_pointwise(c, w)  # v: A
        t: F = ops.requantize_centered(s, scale, zero)  # p: A + q: B
        y: F = np.negative(t)
        z: F = np.negative(c)
        """
    assert changed(before, "y, z") == lines("""
        c: F = ops.subtract_zero_point(x, 7)  # v: A
        t_quantized: U = ops.qlinear_conv_pointwise(x, w, None, scale, zero, 7)  # v: A + p: A
        t: F = ops.subtract_zero_point(t_quantized, 5)  # q: B
        y: F = np.negative(t)
        z: F = np.negative(c)
        """)  # fmt: skip


@pytest.mark.parametrize(
    "end",
    [
        "y: U = ops.requantize(n, scale, zero)",
        "z: U = ops.requantize(s, scale, zero)\n" "y: F = np.negative(n)",
    ],
)
def test_q6_near_misses(end):
    unchanged(f"""
        c: F = ops.subtract_zero_point(x, 7)  # v: A
        s: F = ops.conv_pointwise(c, w)  # v: A
        n: F = np.negative(s)
        {end}
        """, "z, y" if "z:" in end else "y")  # fmt: skip


def test_q7_a_convolution_between_rounded_numbers():
    before = """
        r: F = ops.fake_quantize(a, 0.5, 3)  # p: Q + q: D
        c: F = ops.conv_pointwise(r, f, b)
        y: F = ops.fake_quantize(c, 0.25, dtype=np.int8)  # s: Q + t: D
        """
    assert changed(before) == lines("""
        r: U = ops.quantize_linear(a, 0.5, 3)  # p: Q + q: D
        y_quantized: S = ops.qdq_conv_pointwise(r, f, b, 0.5, 3, f_scale, 0.25, 0, dtype=np.int8)  # s: Q
        y: F = ops.dequantize_linear(y_quantized, 0.25)  # t: D
        """)  # fmt: skip  # noqa: E501


def test_q7_a_convolution_between_integers():
    before = """
        r: F = ops.dequantize_linear(x, 0.5, 3)
        c: F = ops.conv_pointwise(r, f, b)
        y: U = ops.quantize_linear(c, 0.25, 9)
        z: F = np.negative(r)
        """
    expected = """
        r: F = ops.dequantize_linear(x, 0.5, 3)
        y: U = ops.qdq_conv_pointwise(x, f, b, 0.5, 3, f_scale, 0.25, 9)
        z: F = np.negative(r)
        """
    assert changed(before, "y, z") == lines(expected)
    without = expected.replace("r: F = ops.dequantize_linear(x, 0.5, 3)", "")
    without = without.replace("np.negative(r)", "np.negative(a)")
    before = before.replace("np.negative(r)", "np.negative(a)")
    assert changed(before, "y, z") == lines(without)


@pytest.mark.parametrize(
    ("activation", "limits"),
    [
        ("ops.relu(c)", (9, 255)),
        ("ops.clip(c, 0.0, 6.0)", (9, 33)),
        ("ops.clip(c, None, 1.5)", (0, 15)),
        ("ops.clip(c, -1.0)", (5, 255)),
    ],
)
def test_q7_an_activation_between(activation, limits):
    before = f"""
        r: F = ops.dequantize_linear(x, 0.5, 3)
        c: F = ops.conv_pointwise(r, f, b)  # c: Conv
        t: F = {activation}  # t: Relu
        y: U = ops.quantize_linear(t, 0.25, 9)  # y: Q
        """
    assert changed(before) == lines(f"""
        y: U = ops.qdq_conv_pointwise(x, f, b, 0.5, 3, f_scale, 0.25, 9, limits={limits})"""
        "  # c: Conv + t: Relu + y: Q"
    )  # fmt: skip
    twice = before + "        z: F = np.negative(c)"
    assert "qdq" not in changed(twice, "y, z")
    assert "qdq" not in changed(before + "        z: F = np.negative(t)", "y, z")


def test_q7_a_sum_and_q8_what_moves():
    before = """
        r: F = ops.fake_quantize(a, 0.5)  # p: Q + q: D
        m: F = ops.max_pool(r, kernel_shape=(3, 3), pads=(1, 1, 1, 1))  # m: M
        t: F = np.transpose(r, (0, 1, 3, 2))  # t: Transpose
        n: F = np.add(m, t)  # n: Add
        u: F = ops.fake_quantize(n, 2.0, 9)  # s: Q + t: D
        v: F = np.add(u, t)  # v: Add
        y: F = np.negative(v)
        """
    assert changed(before) == lines("""
        r: U = ops.quantize_linear(a, 0.5)  # p: Q + q: D
        m: U = ops.max_pool(r, kernel_shape=(3, 3), pads=(1, 1, 1, 1))  # m: M
        t_quantized: U = np.transpose(r, (0, 1, 3, 2))  # t: Transpose
        t: F = ops.dequantize_linear(t_quantized, 0.5)
        u_quantized: U = ops.qdq_add(m, t_quantized, 0.5, 0, 0.5, 0, 2.0, 9)  # n: Add + s: Q
        u: F = ops.dequantize_linear(u_quantized, 2.0, 9)  # t: D
        v: F = np.add(u, t)  # v: Add
        y: F = np.negative(v)
        """)  # fmt: skip


@pytest.mark.parametrize(
    "middle",
    [
        "ops.conv_pointwise(r, odd, b)",  # 1.5 and 0.31
        "ops.conv_pointwise(a, f, b)",  # of numbers that were not rounded
        "np.add(r, a)",
        "np.negative(r)",
    ],
)
@pytest.mark.parametrize("end", ["fake_quantize(c, 0.25)", "quantize_linear(c, 0.25)"])
def test_q7_near_misses(middle, end):
    unchanged(f"""
        r: F = ops.fake_quantize(a, 0.5, 3)
        c: F = {middle}
        y: F = ops.{end}
        z: F = np.negative(r)
        """, "y, z")  # fmt: skip


def test_q7_leaves_16_bits():
    unchanged("""
        r: F = ops.fake_quantize(a, 0.5, 3, dtype=np.uint16)
        c: F = ops.conv_pointwise(r, f, b)
        y: F = ops.fake_quantize(c, 0.25)
        """)  # fmt: skip


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("each", [True, False])
def test_the_scales_of_weights_are_found_again(axis, each):
    rng = np.random.default_rng(4)
    numbers = rng.integers(-127, 128, (6, 300))
    numbers[3] = 0
    numbers[4] = rng.integers(-20, 21, 300)
    scale = rng.uniform(1e-4, 1, 6 if each else 1).astype(np.float32)[:, None]
    weight = numbers.astype(np.float32) * scale
    found = scales_of(np.moveaxis(weight, 0, axis), axis)
    again = np.rint(weight / found[:, None])
    assert np.abs(again).max() <= 127
    np.testing.assert_array_equal(again * found[:, None], weight)
    np.testing.assert_array_equal(again[[0, 1, 2, 5]], numbers[[0, 1, 2, 5]])


@pytest.mark.parametrize("wrong", [0.3, 128.5, np.inf, np.nan])
def test_weights_that_are_no_multiples_have_no_scale(wrong):
    weight = np.float32([[1, 127, -64], [127, 126, 2]])
    assert scales_of(weight, 0) is not None
    weight[0, 2] = wrong
    assert scales_of(weight, 0) is None
