"""Calls are written as a reader of PyTorch expects, and mean what they meant."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ml_dtypes import bfloat16
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from tests.targets.torch.models import check, computed, drawn, loaded, model, source

X, W = "float[n, 4, 6] x", "float[6, 8] w"
IMAGE = "float[n, 4, 9, 9] x, float[8, 4, 3, 3] w"
IMAGES = {"x": drawn(2, 4, 9, 9), "w": drawn(8, 4, 3, 3)}
SERIES = {"x": drawn(2, 4, 6)}

CASES = [
    ("y = Relu (x)", "F.relu(x)"),
    ("y = Gelu (x)", "F.gelu(x)"),
    ('y = Gelu <approximate = "tanh"> (x)', 'F.gelu(x, approximate="tanh")'),
    ("y = Sigmoid (x)", "torch.sigmoid(x)"),
    ("y = Tanh (x)", "torch.tanh(x)"),
    ("y = Elu <alpha = 0.5> (x)", "F.elu(x, 0.5)"),
    ("y = LeakyRelu <alpha = 0.25> (x)", "F.leaky_relu(x, 0.25)"),
    ("y = Softmax (x)", "F.softmax(x, dim=-1)"),
    ("y = LogSoftmax <axis = 1> (x)", "F.log_softmax(x, dim=1)"),
    ("y = Add (x, x)", "x + x"),
    ("y = Neg (x)", "-x"),
    ("h = Constant <value = float {0.5}> () y = Mul (x, h)", "x * 0.5"),
    ("h = Constant <value = float {0.1}> () y = Max (x, h)", "x.clamp(min=0.1)"),
    (
        "l = Constant <value = float {0}> () h = Constant <value = float {6}> () "
        "y = Clip (x, l, h)",
        "x.clamp(0.0, 6.0)",
    ),
    (
        "z = Constant <value = float {0}> () m = Greater (x, z) y = Where (m, x, z)",
        "torch.where(m, x, 0.0)",
    ),
    ("s = Constant <value = int64[2] {-1, 6}> () y = Reshape (x, s)", "x.reshape(-1, 6)"),
    ("y = Transpose <perm = [0, 2, 1]> (x)", "x.transpose(1, 2)"),
    ("y = Transpose <perm = [2, 0, 1]> (x)", "x.permute(2, 0, 1)"),
    ("y = Concat <axis = 1> (x, x)", "torch.cat((x, x), dim=1)"),
    ("a = Constant <value = int64[1] {1}> () y = Unsqueeze (x, a)", "x.unsqueeze(1)"),
    ("a = Constant <value = int64[2] {1, 2}> () y = Unsqueeze (x, a)", "x[:, None, None]"),
    ("i = Constant <value = int64 {2}> () y = Gather <axis = 1> (x, i)", "x[:, 2]"),
    ("y = Cast <to = 11> (x)", "x.to(torch.float64)"),
    ("a = Constant <value = int64[1] {2}> () y = ReduceMean (x, a)", "x.mean(2, keepdim=True)"),
    ("a, b = Split <axis = 1, num_outputs = 2> (x) y = Add (a, b)", "x.chunk(2, dim=1)"),
    (
        "f = Constant <value = int64[1] {-1}> () "
        "l = Constant <value = int64[1] {-9223372036854775807}> () "
        "t = Constant <value = int64[1] {2}> () y = Slice (x, f, l, t, f)",
        "x.flip(2)",
    ),
    (
        "p = Constant <value = int64[6] {0, 0, 1, 0, 0, 2}> () y = Pad (x, p)",
        "F.pad(x, (1, 2))",
    ),
]  # fmt: skip
IMAGE_CASES = [
    ("y = Conv <pads = [1, 1, 1, 1]> (x, w)", "F.conv2d(x, w, padding=1)"),
    ("y = Conv <strides = [2, 2]> (x, w)", "F.conv2d(x, w, stride=2)"),
    ("y = Conv <pads = [1, 0, 0, 1]> (x, w)", "ops.conv(x, w, pads=(1, 0, 0, 1))"),
    ("y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x)", "F.max_pool2d(x, 3, stride=2)"),
    ("y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)", "F.max_pool2d(x, 2)"),
    (
        "y = AveragePool <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (x)",
        "F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)",
    ),
    ("y = GlobalAveragePool (x)", "x.mean((2, 3), keepdim=True)"),
]  # fmt: skip


def flat(text: str) -> str:
    """Return source without line breaks, as black may have put them."""
    return (
        " ".join(text.split()).replace("( ", "(").replace(" )", ")").replace("'", '"')
    )


@pytest.mark.parametrize(("nodes", "text"), CASES, ids=[text for _, text in CASES])
def test_a_call_is_short(nodes, text):
    kind = "double" if "float64" in text else "float"
    module = check(model(f"net ({X}) => ({kind}[] y) {{ {nodes} }}"), SERIES)
    assert text in flat(source(module))


@pytest.mark.parametrize(
    ("nodes", "text"), IMAGE_CASES, ids=[t for _, t in IMAGE_CASES]
)
def test_a_call_of_images_is_short(nodes, text):
    feeds = IMAGES if "(x, w)" in nodes else {"x": IMAGES["x"]}
    inputs = IMAGE if "(x, w)" in nodes else IMAGE.partition(", float[8")[0]
    module = check(model(f"net ({inputs}) => (float[] y) {{ {nodes} }}"), feeds)
    assert text in flat(source(module))


def test_layers_of_computed_weights_are_functions_of_pytorch():
    nodes = """
        n = LayerNormalization (x, s, b)
        s2 = Constant <value = int64[2] {-1, 6}> ()
        r = Reshape (n, s2)
        y = Gemm <transB = 1> (r, w, c)"""
    inputs = f"{X}, float[6] s, float[6] b, float[8, 6] w, float[8] c"
    feeds = {"s": drawn(6), "b": drawn(6), "w": drawn(8, 6), "c": drawn(8), **SERIES}
    module = check(model(f"net ({inputs}) => (float[] y) {{ {nodes} }}"), feeds)
    text = flat(source(module))
    assert "F.layer_norm(x, (6,), s, b)" in text
    assert "F.linear(" in text and "ops" not in text.partition("class Model")[2]


@pytest.mark.parametrize(
    "nodes, text",
    [
        ("y = Gemm (x, w, c)", "torch.addmm(c, x, w)"),
        ("y = Gemm (x, w)", "torch.mm(x, w)"),
        ("y = Gemm <alpha = 0.5> (x, w, c)", "ops.gemm(x, w, c, alpha=0.5)"),
    ],
)
def test_products_of_matrices_that_are_inputs(nodes, text):
    inputs = "float[n, 6] x, float[6, 8] w, float[8] c"
    feeds = {"x": drawn(3, 6), "w": drawn(6, 8, seed=1), "c": drawn(8, seed=2)}
    module = check(model(f"net ({inputs}) => (float[] y) {{ {nodes} }}"), feeds)
    assert text in flat(source(module))


def test_attention_is_that_of_pytorch():
    nodes = """
        k = Transpose <perm = [0, 2, 1]> (x)
        h = Constant <value = float {0.4082483}> ()
        p = MatMul (x, k)
        s = Mul (p, h)
        a = Softmax (s)
        y = MatMul (a, x)"""
    module = check(model(f"net ({X}) => (float[] y) {{ {nodes} }}"), SERIES)
    assert "F.scaled_dot_product_attention(x, x, x)" in flat(source(module))


def test_lengths_are_numbers_and_tensors_are_made_where_the_model_is():
    nodes = """
        s = Shape (x)
        i = Constant <value = int64 {0}> ()
        n = Gather (s, i)
        z = Constant <value = int64 {0}> ()
        one = Constant <value = int64 {1}> ()
        y = Range (z, n, one)"""
    module = check(model(f"net ({X}) => (int64[m] y) {{ {nodes} }}"), SERIES)
    assert "torch.arange(n, device=self.device)" in flat(source(module))


SIZES = [
    "y = Shape (x)",
    "s = Shape (x) i = Constant <value = int64[3] {2, 1, 0}> () y = Gather (s, i)",
]


@pytest.mark.parametrize("nodes", SIZES)
def test_lengths_as_tensors_are_where_the_model_is(nodes):
    module = check(model(f"net ({X}) => (int64[3] y) {{ {nodes} }}"), SERIES)
    assert "device=None" not in source(module)
    assert module.to("meta")(torch.zeros(2, 4, 6, device="meta")).device.type == "meta"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "double", "int32", "uint8"])
def test_numbers_beside_tensors_have_their_type(dtype):
    """A number is rounded to the type first, as ONNX's constant is."""
    value = 7.0 if "int" in dtype else 0.1
    proto = model(f"net ({dtype}[3] x) => ({dtype}[3] y) {{ y = Mul (x, h) }}")
    kind = np.dtype({"double": "float64", "bfloat16": bfloat16}.get(dtype, dtype))
    number = np.array(value).astype(kind)
    proto.graph.initializer.append(numpy_helper.from_array(number, "h"))
    feeds = {"x": np.array([1, 3, 5], np.float32).astype(kind)}
    (ours,) = computed(loaded(proto), feeds)
    (theirs,) = ReferenceEvaluator(proto).run(None, feeds)
    np.testing.assert_array_equal(
        ours.astype(np.float64), np.asarray(theirs).astype(np.float64)
    )


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64"])
def test_what_older_versions_do_not_move_is_moved_as_other_integers(dtype):
    text = f"""net ({dtype}[n, 3] x, int64[k] i, bool[n, 3] m) => ({dtype}[n, 3] y,
        {dtype}[k, 3] z, {dtype}[d, 3] c) {{
        y = Where (m, x, x) z = Gather (x, i) c = Concat <axis = 0> (x, y) }}"""
    x = np.arange(6).reshape(2, 3).astype(dtype)
    mask = np.array([[True, False, True], [False] * 3])
    feeds = {"x": x, "i": np.array([1, -2, 1]), "m": mask}
    module = loaded(model(text))
    for ours, theirs in zip(
        computed(module, feeds), ReferenceEvaluator(model(text)).run(None, feeds)
    ):
        assert ours.dtype == theirs.dtype == dtype
        np.testing.assert_array_equal(ours, theirs)
    text = source(module)
    assert all(
        f"ops.arrays.{name}(" in text for name in ("where", "take", "concatenate")
    )
