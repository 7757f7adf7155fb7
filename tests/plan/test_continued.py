"""Rules Z1 to Z3: products and convolutions that take in what follows them."""

from __future__ import annotations

import textwrap

import numpy as np
import onnx
import onnx.parser
import pytest

import onnx2py
from onnx2py.plan.continued import take_in_what_follows
from onnx2py.targets import find_target
from tests.plan.support import after
from tests.support import unoptimized

HEAD = """
    g (x: float32[n, t, 2], r: float32[n, t, 2]) => ({outputs})
      w: float32[2, 2] = {{1.0, 2.0, 3.0, 4.0}}
      b: float32[2] = {{1.0, 2.0}}
    calls
"""


def changed(calls, outputs="y", head=HEAD):
    """Return the calls of a program after the rules."""
    lines = textwrap.indent(textwrap.dedent(calls).strip("\n"), "      ")
    text = after(take_in_what_follows, head.format(outputs=outputs) + lines)
    return textwrap.dedent(text.partition("calls\n")[2])


@pytest.mark.parametrize(
    ("call", "taken"),
    [
        ("ops.relu(p)", "ops.relu"),
        ("ops.gelu(p)", "ops.gelu"),
        ("np.tanh(p)", "np.tanh"),
        ("ops.clip(p, 0.0, 6.0)", "partial(ops.clip, min=0.0, max=6.0)"),
        ("ops.clip(p, None, 6.0)", "partial(ops.clip, max=6.0)"),
        ("ops.leaky_relu(p, alpha=0.2)", "partial(ops.leaky_relu, alpha=0.2)"),
        ("ops.swish(p)", "ops.swish"),
    ],
)
def test_z1_an_activation(call, taken):
    calls = f"""
        p: float32[n, t, 2] = ops.linear(x, w, b)  # fc: Gemm
        y: float32[n, t, 2] = {call}  # act: Act"""
    assert changed(calls) == (
        f"y: float32[n, t, 2] = ops.linear(x, w, b, activation={taken})"
        "  # fc: Gemm + act: Act"
    )


def test_z1_a_result_of_unknown_shape():
    calls = """
        p = ops.conv(x, w)
        y = ops.relu(p)"""
    assert changed(calls) == "y = ops.conv(x, w, activation=ops.relu)"


@pytest.mark.parametrize(
    ("calls", "outputs"),
    [
        (
            """p: float32[n, t, 2] = ops.linear(x, w, b)
            y: float32[n, t, 2] = ops.relu(p)
            z: float32[n, t, 2] = np.multiply(p, y)""",
            "z",
        ),
        (
            """p: float32[n, t, 2] = ops.linear(x, w, b)
            y: float32[n, t, 2] = ops.relu(p)""",
            "p, y",
        ),
        (
            """p: float32[n, t, 2] = ops.linear(x, w, b)
            low: float32[] = np.max(x)
            y: float32[n, t, 2] = ops.clip(p, low)""",
            "y",
        ),
        (
            """p: float32[n, t, 2] = ops.linear(x, w, b)
            y: float32[n, t, 2] = ops.gelu(p, b)""",
            "y",
        ),
        (
            """p: float32[n, t, 2] = ops.linear(x, w, b)
            y: float32[n, t, 2] = ops.softmax(p)""",
            "y",
        ),
        (
            """p: float32[n, t, 2] = np.exp(x)
            y: float32[n, t, 2] = ops.relu(p)""",
            "y",
        ),
        (
            """p: float32[n, t, 2] = np.matmul(x, w)
            y: float32[n, t, 2] = ops.relu(p)""",
            "y",
        ),
    ],
    ids=[
        "read elsewhere", "an output", "a bound that is computed", "a bias of the activation",
        "not elementwise", "no product", "a stack of products",
    ],
)  # fmt: skip
def test_z1_near_misses_stay(calls, outputs):
    lines = "\n".join(map(str.strip, calls.splitlines()))
    assert "activation=" not in changed(lines, outputs)


def test_z1_after_an_activation_nothing_is_taken_in():
    calls = """
        p: float32[n, t, 2] = ops.linear(x, w, b)
        q: float32[n, t, 2] = ops.relu(p)
        s: float32[n, t, 2] = np.add(q, r)
        y: float32[n, t, 2] = ops.relu(s)"""
    assert changed(calls) == textwrap.dedent("""\
        q: float32[n, t, 2] = ops.linear(x, w, b, activation=ops.relu)
        s: float32[n, t, 2] = np.add(q, r)
        y: float32[n, t, 2] = ops.relu(s)""")


@pytest.mark.parametrize("operands", ["p, r", "r, p"])
def test_z2_a_sum_then_an_activation(operands):
    calls = f"""
        p: float32[n, t, 2] = ops.linear(x, w, b)  # fc: Gemm
        s: float32[n, t, 2] = np.add({operands})  # add: Add
        y: float32[n, t, 2] = ops.relu(s)  # act: Relu"""
    assert changed(calls) == (
        "y: float32[n, t, 2] = ops.linear(x, w, b, plus=r, activation=ops.relu)"
        "  # fc: Gemm + add: Add + act: Relu"
    )


def test_z2_the_call_stands_where_all_is_known():
    late = """
        p: float32[n, t, 2] = ops.linear(x, w, b)
        q: float32[n, t, 2] = np.exp(r)
        y: float32[n, t, 2] = np.add(p, q)"""
    assert changed(late).endswith("y: float32[n, t, 2] = ops.linear(x, w, b, plus=q)")
    early = """
        p: float32[n, t, 2] = ops.linear(x, w, b)
        q: float32[n, t, 2] = np.exp(r)
        y: float32[n, t, 2] = np.add(p, r)"""
    assert changed(early, "y, q").startswith(
        "y: float32[n, t, 2] = ops.linear(x, w, b, plus=r)"
    )


def test_z2_the_shortcut_is_computed_first():
    """Whichever comes last, the longer way takes in the shorter one."""
    main = """
        h: float32[n, t, 2] = np.exp(x)
        p: float32[n, t, 2] = ops.linear(h, w, b)"""
    shortcut = """
        q: float32[n, t, 2] = ops.project(x, w)"""
    total = """
        y: float32[n, t, 2] = np.add(p, q)"""
    for calls in (main + shortcut + total, shortcut + main + total):
        found = changed(calls)
        assert "y: float32[n, t, 2] = ops.linear(h, w, b, plus=q)" in found
        assert "q: float32[n, t, 2] = ops.project(x, w)" in found


def test_z2_of_two_alike_the_later_takes_in_the_other():
    calls = """
        p: float32[n, t, 2] = ops.project(x, w)
        q: float32[n, t, 2] = ops.linear(r, w, b)
        y: float32[n, t, 2] = np.add(p, q)"""
    assert changed(calls) == textwrap.dedent("""\
        p: float32[n, t, 2] = ops.project(x, w)
        y: float32[n, t, 2] = ops.linear(r, w, b, plus=p)""")


@pytest.mark.parametrize(
    ("product", "other", "total"),
    [
        ("float32[n, t, 2]", "float32[n, 1, 2]", "float32[n, t, 2]"),
        ("float32[n, t, 2]", "float32[t, 2]", "float32[n, t, 2]"),
        ("float32[n, t, 2]", "float32[n, s, 2]", "float32[n, t, 2]"),
        ("float32[n, ?, 2]", "float32[n, ?, 2]", "float32[n, ?, 2]"),
        ("float32[...]", "float32[...]", "float32[...]"),
        ("float32[n, t, 2]", "float64[n, t, 2]", "float64[n, t, 2]"),
    ],
    ids=["broadcast", "fewer axes", "other name", "unknown length", "unknown rank", "type"],
)  # fmt: skip
def test_z2_near_misses_stay(product, other, total):
    calls = f"""
        p: {product} = ops.linear(x, w, b)
        q: {other} = np.exp(r)
        y: {total} = np.add(p, q)"""
    assert "np.add" in changed(calls)


def test_z2_lengths_that_may_differ_stay():
    head = HEAD.replace("    calls", "      w2: float32[1] = {{1.0}}\n    calls")
    head = head.replace("\n      w:", "\n      free t\n      w:")
    calls = """
        p: float32[n, t, 2] = ops.linear(x, w, b)
        y: float32[n, t, 2] = np.add(p, r)"""
    assert "np.add" in changed(calls, head=head)


def test_z2_twice_itself_stays():
    calls = """
        p: float32[n, t, 2] = ops.linear(x, w, b)
        y: float32[n, t, 2] = np.add(p, p)"""
    assert "np.add(p, p)" in changed(calls)


@pytest.mark.parametrize("shape", ["3, 2", "1, 3, 2", "1, 1, t, 2"])
def test_z3_a_product_by_one_matrix(shape):
    head = HEAD.replace("n, t, 2", shape)
    calls = f"""
        p: float32[{shape}] = np.matmul(x, w)
        y: float32[{shape}] = np.add(p, r)"""
    assert (
        changed(calls, head=head) == f"y: float32[{shape}] = ops.project(x, w, plus=r)"
    )


def test_z3_alone_stays():
    head = HEAD.replace("n, t, 2", "3, 2")
    assert "np.matmul" in changed("y: float32[3, 2] = np.matmul(x, w)", head=head)


def test_z_in_bodies():
    head = "g (c: bool[], x: float32[2, 2], w: float32[2, 2]) => ({outputs})\ncalls\n"
    calls = """\
        y = branch(c)
          then () [x, w] => (t)
            p: float32[2, 2] = ops.project(x, w)
            t: float32[2, 2] = ops.relu(p)
          else () [x] => (x)"""
    assert "t: float32[2, 2] = ops.project(x, w, activation=ops.relu)" in changed(
        calls, head=head
    )


def test_z_a_product_read_by_a_body_stays():
    head = "g (c: bool[], x: float32[2, 2], w: float32[2, 2]) => ({outputs})\ncalls\n"
    calls = """\
        p: float32[2, 2] = ops.project(x, w)
        q: float32[2, 2] = ops.relu(p)
        y = branch(c)
          then () [p] => (p)
          else () [q] => (q)"""
    assert "activation" not in changed(calls, head=head)


def test_z_other_targets_do_without():
    for name in ("torch", "jax"):
        numbers = {n for rule in find_target(name).rules for n in rule.numbers}
        assert numbers.isdisjoint({"Z1", "Z2", "Z3"})


MODEL = """<ir_version: 8, opset_import: ["" : 17]>
    g (float[n, 4, 8, 8] x) => (float[n, 4, 8, 8] y, float[n, 4, 8, 8] z)
    { a = Conv <pads = [1, 1, 1, 1]> (x, w, v) b = Relu (a)
      c = Conv <pads = [1, 1, 1, 1]> (b, w) d = Conv (x, s) e = Add (c, d)
      y = LeakyRelu <alpha = 0.3> (e)
      f = Conv <pads = [1, 1, 1, 1], group = 4> (y, k) h = Add (x, f)
      i = Conv (h, s) j = Sigmoid (i) l = Mul (i, j)
      m = Transpose <perm = [0, 2, 3, 1]> (l) o = MatMul (m, t) q = Add (m, o)
      u = Tanh (q) z = Transpose <perm = [0, 3, 1, 2]> (u) }"""


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_z_compared_with_onnxruntime(tmp_path, batch, level):
    made = onnx.parser.parse_model(MODEL)
    rng = np.random.default_rng(0)
    shapes = {
        "w": (4, 4, 3, 3),
        "v": (4,),
        "s": (4, 4, 1, 1),
        "k": (4, 1, 3, 3),
        "t": (4, 4),
    }
    made.graph.initializer.extend(
        onnx.numpy_helper.from_array(rng.normal(size=s).astype(np.float32), n)
        for n, s in shapes.items()
    )
    onnx2py.compile_model(made, tmp_path / "pkg", level=level)
    source = (tmp_path / "pkg/model.py").read_text()
    assert source.count("plus=") == 3 * level
    assert source.count("activation=") == 4 * level
    x = rng.normal(size=(batch, 4, 8, 8)).astype(np.float32)
    before = x.copy()
    found = onnx2py.load_model(made, level=level)(x)
    for ours, theirs in zip(found, unoptimized(made).run(None, {"x": x})):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(x, before)
