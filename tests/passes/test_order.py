"""Rule O1, and that results stay the same bits."""

import re

import numpy as np
import onnx.parser
import pytest

import onnx2py
from onnx2py.passes.order import pool_before_activation
from tests.passes.support import after, block

POOL = "MaxPool <kernel_shape = [3, 3], strides = [2, 2]"
IMAGE = "float[1, 2, 9, 8]"


def graph(activation="Relu (x)", pool=f"{POOL}> (a)", image=IMAGE, more=""):
    return (
        f"g ({image} x) => (float[n, c, h, w] y) "
        f"<float low = {{-0.5}}, float high = {{6}}> "
        f"{{ a = {activation} {more} y = {pool} }}"
    )


def operators(text):
    """Return the operators of a graph, after the rule, in their order."""
    changed = after(pool_before_activation, text)
    return re.findall(r" = (\w+) [<(]", changed)


def test_o1_relu():
    text = (
        "g (float[1, 1, 4, 4] x) => (float[1, 1, 2, 2] y) { a = Relu (x) y = %s (a) }"
    )
    text %= "MaxPool <kernel_shape = [2, 2], strides = [2, 2]>"
    assert after(pool_before_activation, text) == block("""
        (x) => (y)
          a_pooled;1 = MaxPool <kernel_shape=[2, 2], strides=[2, 2]> (x)
          y = Relu (a_pooled;1)
    """)


def test_o1_names_no_value_that_it_does_not_compute(tmp_path):
    """verify --per-node compares values by their ONNX names."""
    text = graph("Relu (x)")
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
    onnx2py.compile_model(model, tmp_path / "net")
    found = onnx2py.verify_existing(tmp_path / "net", model, per_node=True)
    assert found.nodes is not None and found.nodes.first is None
    assert [result.name for result in found.nodes.results] == ["y"]


CHANGED = [
    graph("LeakyRelu <alpha = 0.2> (x)"),
    graph("Clip (x, low, high)"),
    graph(pool=f"{POOL}, pads = [1, 1, 1, 1]> (a)"),
    graph(pool=f'{POOL}, auto_pad = "SAME_UPPER", ceil_mode = 1> (a)'),
    graph(image="float[n, c, h, w]"),
]


@pytest.mark.parametrize("text", CHANGED)
def test_o1_gives_the_same_bits(text):
    assert operators(text)[0] == "MaxPool"
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
    x = np.random.default_rng(0).standard_normal((1, 2, 9, 8)).astype(np.float32)
    x[0, 0, 4, 4] = np.nan
    plain, changed = (onnx2py.load_model(model, level=level)(x) for level in (0, 1))
    assert plain.tobytes() == changed.tobytes()


@pytest.mark.parametrize(
    "text",
    [
        graph("LeakyRelu <alpha = -0.2> (x)"),
        graph("Abs (x)"),
        graph(
            "Clip (x, low, high)",
            more="b = Abs (a)",
            pool="MaxPool <kernel_shape = [1, 1]> (a)",
        ).replace("=> (float", "=> (float[n, c, h, w] b, float"),
        graph("Clip (x, x0)", image="float x0, float[1, 2, 9, 8]"),
        graph(pool=f"{POOL}, dilations = [2, 2], pads = [1, 1, 1, 1]> (a)"),
        graph(pool="MaxPool <kernel_shape = [1, 2], pads = [1, 1, 0, 0]> (a)"),
        graph(pool=f"{POOL}, pads = [1, 1, 1, 1]> (a)", image="float[1, 2, h, w]"),
        graph(pool="AveragePool <kernel_shape = [2, 2]> (a)"),
        graph()
        .replace("y = MaxPool", "y, i = MaxPool")
        .replace("=> (float", "=> (int64[n, c, h, w] i, float"),
    ],
)
def test_o1_leaves_what_might_differ(text):
    assert "Pool" not in operators(text)[0]
