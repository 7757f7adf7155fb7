"""Convolutions of a block as objects: the text of model.py, their files, and the same bits."""

from __future__ import annotations

import pickle
import re
import textwrap
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from onnx2py.ir.program import Program, Ref
from onnx2py.ir.program_parser import parse_program
from onnx2py.plan.in_place import write_in_place
from onnx2py.plan.outlining import outline
from onnx2py.plan.release import free_values
from tests.plan.outline.test_variants import network as residual

from .test_blocks import Build, Spans, build, compared, outlined

__all__ = ["build"]

IMAGE = np.random.default_rng(0).normal(size=(1, 8, 12, 12)).astype(np.float32)
TWICE = (("Block", 0, 2), ("Block", 2, 4))
PARTS = ("weight", "bias")
PADS = "pads=(1, 1, 1, 1)"


def numbers(start: int, count: int) -> str:
    """Return the numbers of a weight as the text of a program has them."""
    return f"{{{', '.join(str(n % 7 - 3) for n in range(start, start + count))}}}"


def network(kernels: Sequence[str], bias: str = ", b{i}", ready: str = "") -> Program:
    """Return convolutions of 3 x 3, each followed by a tanh.

    ``ready`` is what the setup makes of a weight.
    """
    weights, setup, calls, x = [], [], [], "x"
    for i, kernel in enumerate(kernels):
        weights.append(f"w{i}: float32[3, 3, 8, 8] = {numbers(5 * i, 576)}")
        weights.append(f"b{i}: float32[8] = {numbers(i, 8)}")
        if ready:
            setup.append(f"p{i}: float32[?, 8, 8] = {ready.format(i=i)}")
        read = f"{x}, {'p' if ready else 'w'}{i}{bias.format(i=i)}"
        call = kernel.format(read)
        calls.append(f"c{i}: float32[1, 8, n, n] = {call}  # c{i}: Conv")
        calls.append(f"t{i}: float32[1, 8, n, n] = np.tanh(c{i})  # t{i}: Tanh")
        x = f"t{i}"
    lines = "\n          ".join
    part = f"setup\n          {lines(setup)}\n        " if setup else ""
    return parse_program(f"""
        g (x: float32[1, 8, n, n]) => ({x}: float32[1, 8, n, n])
          {lines(weights)}
        {part}calls
          {lines(calls)}
    """)


PACKED = f"ops.conv_packed({{}}, {PADS})"
WIDE = "ops.conv_packed({}, pads=(2, 2, 2, 2), dilations=(2, 2))"


def text_of(build: Build, program: Program, spans: Spans = TWICE) -> str:
    """Return the source of model.py on single lines, once its bits are those of flat code."""
    built = compared(build, outlined(program, *spans), IMAGE)
    return re.sub(r",? ?([)}])", r"\1", " ".join(built.text.split())).replace("( ", "(")


def test_convolutions_are_objects_that_load_their_weights(build: Build) -> None:
    built = compared(build, outlined(network([PACKED] * 2), *TWICE), IMAGE)
    assert built.classes() == textwrap.dedent('''
        class Block:
            """A part of the model, 2 times: 2 calls."""

            def __init__(self, load: Load) -> None:
                # w{i}, b{i}
                self.conv = ops.Conv(load, "conv", "float32[3, 3, 8, 8]", pads=(1, 1, 1, 1))

            def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
                c = self.conv(x)  # float32[1, 8, n, n]
                tanh: NDArray[np.float32] = np.tanh(c)  # float32[1, 8, n, n]

                return tanh
    ''').strip()
    stored = {path.name for path in (built.folder / "weights").iterdir()}
    assert stored == {f"blocks.{i}.conv.{part}.npy" for i in (0, 1) for part in PARTS}


def test_kernels_that_differ_are_constants_that_constructors_are_given(
    build: Build,
) -> None:
    text = text_of(build, network([PACKED, WIDE]))
    assert 'PACKED_PADS_1: dict[str, Any] = {"kernel": ops.conv_packed, "pads"' in text
    assert "def __init__(self, load: Load, conv: Any) -> None:" in text
    assert "PACKED_PADS_1, PACKED_PADS_2_DILATIONS_2" in text
    assert 'ops.Conv(load, "conv", "float32[3, 3, 8, 8]", **conv)' in text


def test_weights_are_prepared_when_they_are_loaded(build: Build) -> None:
    ready = "ops.winograd_weight(w{i}, tile=4)"
    winograd = f"ops.conv_winograd({{}}, {PADS})"
    text = text_of(build, network([winograd] * 2, ready=ready))
    assert "prepare=partial(ops.winograd_weight, tile=4), pads=(1, 1, 1, 1))" in text
    assert "winograd_weight" not in text.partition("class Model")[2]


def test_a_convolution_without_a_bias_loads_none(build: Build) -> None:
    text = text_of(build, network([PACKED] * 2, bias=""))
    assert "bias=False, pads=(1, 1, 1, 1))" in text
    assert text_of(build, network([PACKED] * 2, bias=", None")) == text


def test_convolutions_with_equal_choices_share_a_parameter(build: Build) -> None:
    program = network([PACKED, PACKED, WIDE, WIDE])
    text = text_of(build, program, (("Block", 0, 4), ("Block", 4, 8)))
    assert "def __init__(self, load: Load, conv: Any) -> None:" in text
    assert text.count("**conv)") == 2


def test_what_two_calls_read_is_no_object(build: Build) -> None:
    program = network([PACKED, PACKED])
    calls = [*program.statements]
    for at, weight in ((0, "w0"), (2, "w1")):
        again = replace(calls[at + 1].operation, args=(Ref(f"c{at // 2}"), Ref(weight)))
        again = replace(again, function=calls[at].operation.function)
        calls[at + 1] = replace(calls[at + 1], operation=again)
    text = text_of(build, replace(program, statements=tuple(calls)))
    assert "ops.Conv(" not in text
    assert 'self.w = load("w", "float32[3, 3, 8, 8]")' in text


def test_halves_are_no_objects(build: Build) -> None:
    program = replace(network([PACKED] * 2), narrow=("float16",))
    assert "ops.Conv(" not in text_of(build, program)


def test_threads_and_pickles_share_objects(build: Build) -> None:
    built = build(outlined(network([PACKED, WIDE]), *TWICE))
    model = built.module.Model()
    expected = model(IMAGE)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model))(IMAGE), expected)
    with ThreadPoolExecutor(4) as pool:
        for actual in pool.map(model, [IMAGE] * 16):
            np.testing.assert_array_equal(actual, expected)


def test_a_weight_of_another_shape_is_refused(build: Build) -> None:
    built = build(outlined(network([PACKED] * 2), *TWICE))
    np.save(built.folder / "weights/blocks.1.conv.weight.npy", np.zeros((3, 2), "f4"))
    with pytest.raises(ValueError, match="blocks.1.conv.weight"):
        built.module.Model()


@pytest.mark.parametrize("read", ["x", "b"])
@pytest.mark.parametrize("shortcuts", ["110100", "010110"])
def test_instances_without_a_convolution_have_none(
    build: Build, shortcuts: str, read: str
) -> None:
    own = f"{read}{{i}}"
    planned = free_values(residual(shortcuts, own=own, otherwise=own))
    program = outline(write_in_place(planned))
    built = compared(build, program, IMAGE)
    classes = built.classes()
    assert re.search(r"if self\.conv\w* else", classes)
    assert f"\n{classes}".count("\nclass ") == 1
    layers = built.module.Model().layers
    (name,) = {n for layer in layers for n, v in vars(layer).items() if v is None}
    assert [getattr(layer, name) is not None for layer in layers] == [
        letter == "1" for letter in shortcuts
    ]
    stored = {path.name for path in (built.folder / "weights").glob(f"*{name}.weight*")}
    assert len(stored) == shortcuts.count("1")


def test_instances_without_a_kernel_are_given_none(build: Build) -> None:
    program = replace(residual("110100"), narrow=("float16",))
    text = compared(build, outline(free_values(program)), IMAGE).text
    assert "ops.Conv(" not in text
    assert "if self.kernel else" in text
