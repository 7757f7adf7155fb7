"""Rules I1, D1 to D3, and B1 to B3."""

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import onnx2py
from onnx2py.passes.batch_norm import fold_batch_norm
from onnx2py.passes.branches import settle_branches, take_constant_branches
from onnx2py.passes.dead_code import remove_dead_code
from tests.passes.support import after, block, graph_of
from tests.support import unoptimized

BRANCHES = """g (float[2] x) => (float[2] y) <bool c = {CONDITION}> {
    z = If (c) <then_branch = t () => (float[2] p) { p = Abs (x) },
                else_branch = e () => (float[2] q) <float[1] w = {2}> { q = Mul (x, w) }>
    y = Relu (z) }"""


def test_i1_takes_the_branch():
    assert after(take_constant_branches, BRANCHES.replace("CONDITION", "1")) == block(
        """
        (x) => (y)
          bool[] c = {True}
          p = Abs (x)
          y = Relu (p)
    """
    )
    assert after(take_constant_branches, BRANCHES.replace("CONDITION", "0")) == block(
        """
        (x) => (y)
          bool[] c = {False}
          float32[1] w = {2}
          q = Mul (x, w)
          y = Relu (q)
    """
    )


def test_i1_leaves_an_open_condition():
    text = BRANCHES.replace("float[2] x)", "float[2] x, bool c)").replace(
        "<bool c = {CONDITION}>", ""
    )
    assert "If (c)" in after(take_constant_branches, text)


def test_i1_a_branch_that_another_decides():
    """As PyTorch squeezes: the number of axes behind the first branch decides the second."""
    text = """g (float[1, 2] x) => (float[p] y) <bool c = {1}, int64 two = {2}> {
        z = If (c) <then_branch = t () => (float[q, r] a) { a = Abs (x) },
                    else_branch = e () => (float[q] b) <int64[1] m = {-1}> { b = Reshape (x, m) }>
        n = Exp (z) s = Shape (n) k = Size (s) d = Equal (k, two)
        y = If (d) <then_branch = v () => (float[q] f) <int64[1] l = {-1}> { f = Reshape (n, l) },
                    else_branch = w () => (float[q, r] g) { g = Identity (n) }> }"""
    graph = settle_branches(graph_of(text))
    assert [n.operator for n in graph.nodes] == ["Abs", "Exp", "Reshape"]


def test_d1_to_d3():
    text = """g (float[2] x, int64[1] unread) => (float[2] y) <int64[1] v = {2}>
        { a = Abs (x) b = Neg (a) y, i = TopK (x, v) }"""
    assert after(remove_dead_code, text) == block("""
        (x, unread) => (y)
          int64[1] v = {2}
          y = TopK (x, v)
    """)
    assert after(remove_dead_code, text.replace("(x, v)", "(x, unread)")) == block("""
        (x, unread) => (y)
          y = TopK (x, unread)
    """)


def test_d1_keeps_what_a_branch_reads():
    text = """g (float[2] x, bool c) => (float[2] y) { a = Neg (x) unread = Abs (x)
        y = If (c) <then_branch = t () => (float[2] p) { p = Abs (a) r = Abs (x) },
                    else_branch = e () => (float[2] q) { q = Abs (x) }> }"""
    text = after(remove_dead_code, text)
    assert "a = Neg" in text and "unread" not in text and "r = Abs" not in text


def test_d2_leaves_the_number_of_parts():
    text = """g (float[6] x) => (float[2] y) { a, b, c = Split (x) y = Neg (b) }"""
    assert after(remove_dead_code, text) == block("""
        (x) => (y)
          , b,  = Split (x)
          y = Neg (b)
    """)


@pytest.mark.parametrize("read", ["a", "b", "c"])
@pytest.mark.parametrize(
    "opset, split",
    [
        (11, "Split (x)"),
        (11, "Split <split=[1, 2, 3]> (x)"),
        (13, "Split (x)"),
        (13, "Split (x, lengths)"),
        (18, "Split <num_outputs=3> (x)"),
    ],
)
def test_d2_parts_that_nobody_reads_keep_the_lengths_of_others(opset, split, read):
    text = f"""<ir_version: 8, opset_import: ["" : {opset}]>
        g (float[6] x) => (float[n] y) <int64[3] lengths = {{1, 2, 3}}>
        {{ a, b, c = {split} y = Neg ({read}) }}"""
    proto = onnx.parser.parse_model(text)
    x = np.arange(6, dtype=np.float32)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    (expected,) = session.run(None, {"x": x})
    np.testing.assert_array_equal(onnx2py.load_model(proto)(x), expected)


CONV = """g (float[1, 2, 5, 5] x) => (float[1, 4, 3, 3] y)
    <float[4, GROUPED, 3, 3] w, float[4] b, float[4] s, float[4] t, float[4] m, float[4] v>
    { a = Conv <group = GROUP> (x, w, b) y = BatchNormalization <epsilon=0.01> (a, s, t, m, v) }"""


def with_weights(text: str) -> onnx.ModelProto:
    """Parse a model and make initializers of what it names between < and >, from a seed."""
    head = '<ir_version: 8, opset_import: ["" : 15]>'
    proto = onnx.parser.parse_model(f"{head} {text}")
    random = np.random.default_rng(0)
    for value in list(proto.graph.value_info):
        shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
        array = random.uniform(0.5, 2, shape).astype(np.float32)
        proto.graph.initializer.append(onnx.numpy_helper.from_array(array, value.name))
    del proto.graph.value_info[:]
    return proto


@pytest.mark.parametrize(
    ("conv", "weight", "group"),
    [("Conv", "4, 2", 1), ("Conv", "4, 1", 2), ("ConvTranspose", "2, 4", 1),
     ("ConvTranspose", "2, 2", 2)],
)  # fmt: skip
@pytest.mark.parametrize("bias", [True, False])
def test_b1_b2_agree_with_onnxruntime(conv, weight, group, bias):
    text = CONV.replace("4, GROUPED", weight).replace("GROUP", str(group))
    text = text.replace("= Conv <", f"= {conv} <").replace("1, 4, 3, 3", "a, b, c, d")
    proto = with_weights(text if bias else text.replace("(x, w, b)", "(x, w)"))
    model = onnx2py.load_model(proto)
    x = np.random.default_rng(1).normal(size=(1, 2, 5, 5)).astype(np.float32)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    np.testing.assert_allclose(
        model(x), session.run(None, {"x": x})[0], rtol=1e-4, atol=1e-4
    )


def test_b1_lists_both_nodes():
    from onnx2py.decode import decode
    from onnx2py.load import load

    graph = fold_batch_norm(
        decode(
            load(with_weights(CONV.replace("GROUPED", "2").replace("GROUP", "1")))
        ).graph
    )
    (node,) = graph.nodes
    assert (node.operator, node.also) == ("Conv", ("y: BatchNormalization",))


def test_b1_leaves_a_product_that_others_read():
    text = """g (float[1, 2, 5, 5] x, float[4, 2, 3, 3] w, float[4] s)
        => (float[1, 4, 3, 3] y, float[1, 4, 3, 3] a)
        { a = Conv (x, w) y = BatchNormalization (a, s, s, s, s) }"""
    assert len(fold_batch_norm(graph_of(text, opset=15)).nodes) == 2


def constant_after(
    nodes: str, shape: str, operator: str = "Conv", bias: str = ""
) -> str:
    count = int(np.prod(eval(f"[{shape}]"), dtype=int))
    numbers = ", ".join(str(0.5 * i - 0.75) for i in range(count))
    weight = "3, 2, 1, 2" if operator == "Conv" else "2, 3, 1, 2"
    kernel = ", ".join(str(0.25 * i - 1) for i in range(12))
    return f"""g (float[1, 2, 3, 4] x) => (float[a, b, c, d] y)
        <float[{weight}] w = {{{kernel}}}, float[3] bias = {{1, -2, 3}},
         float[{shape}] k = {{{numbers}}}> {{ c = {operator} (x, w{bias}) {nodes} }}"""


@pytest.mark.parametrize("bias", ["", ", bias"])
@pytest.mark.parametrize("operator", ["Conv", "ConvTranspose"])
@pytest.mark.parametrize("shape", ["3, 1, 1", "1, 3, 1, 1", "1", "1, 1, 1, 1"])
@pytest.mark.parametrize(
    "nodes",
    ["y = Add (c, k)", "y = Add (k, c)", "y = Sub (c, k)", "y = Mul (k, c)",
     "y = Div (c, k)", "m = Mul (c, k) y = Add (m, k)"],
)  # fmt: skip
def test_b3_a_constant_per_channel(nodes, shape, operator, bias):
    text = constant_after(nodes, shape, operator, bias)
    found = after(fold_batch_norm, text)
    assert not any(f"= {name}" in found for name in ("Add", "Sub", "Mul", "Div"))
    check_b(text)


@pytest.mark.parametrize(
    ("nodes", "shape"),
    [
        ("y = Sub (k, c)", "3, 1, 1"),
        ("y = Div (k, c)", "3, 1, 1"),
        ("y = Add (c, k)", "3"),  # along the width
        ("y = Add (c, k)", "1, 1, 3, 3"),
        ("y = Add (c, k)", "1, 1, 3, 1"),
        ("y = Add (c, k)", "2, 3, 1, 1"),
        ("d = Add (c, k) y = Mul (d, c)", "3, 1, 1"),
        ("y = Add (c, c)", "3, 1, 1"),
    ],
)
def test_b3_others_stay(nodes, shape):
    text = constant_after(nodes, shape)
    assert nodes.split("(")[0].split("=")[1] in after(fold_batch_norm, text)
    check_b(text)


def test_b3_division_by_nothing_stays():
    text = constant_after("y = Div (c, k)", "3, 1, 1").replace("-0.75", "0.0")
    assert "= Div" in after(fold_batch_norm, text)


def check_b(text: str) -> None:
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
    x = np.linspace(-1, 1, 24, dtype=np.float32).reshape(1, 2, 3, 4)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (expected,) = session.run(None, {"x": x})
    np.testing.assert_allclose(onnx2py.load_model(model)(x), expected, 1e-5, 1e-6)


@pytest.mark.parametrize("opset", [7, 9, 13])
def test_d2_outputs_that_mean_training_stay(opset):
    """Before opset 14, more than one output lets BatchNormalization compute statistics."""
    text = f"""<ir_version: 8, opset_import: ["" : {opset}]>
        g (float[2, 3, 2] x, float[3] s, float[3] b, float[3] m, float[3] v)
        => (float[2, 3, 2] y) {{ y, n, w, p, q = BatchNormalization (x, s, b, m, v) }}"""
    model = onnx.parser.parse_model(text)
    rng = np.random.default_rng(0)
    feeds = {"x": rng.normal(size=(2, 3, 2)).astype(np.float32)}
    feeds.update((name, rng.random(3).astype(np.float32)) for name in "sbmv")
    (expected,) = unoptimized(model).run(None, feeds)
    for level in (0, 1):
        y = onnx2py.load_model(model, level=level)(**feeds)
        np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
