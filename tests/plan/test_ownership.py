"""Which outputs may be views of weights, inputs or other outputs, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx.parser
import pytest

import onnx2py

from ..ownership import check_ownership

HEADER = '<ir_version: 8, opset_import: ["" : 17]>'
MODELS = {
    "a weight": "net () => (float[4] y) <float[4] w = {1, 2, 3, 4}> { y = Identity (w) }",
    "rows of a weight": """net (int64[n] x) => (float[m, 2] y)
        <float[3, 2] w = {1, 2, 3, 4, 5, 6}, int64[1] z = {0}>
        { s = Shape (x) y = Slice (w, z, s) }""",
    "a weight that is reshaped": """net (int64[2] x) => (float[p, q] y)
        <float[4] w = {1, 2, 3, 4}> { y = Reshape (w, x) }""",
    "a weight that is expanded": """net (int64[1] x) => (float[p] y)
        <float[1] w = {5}> { y = Expand (w, x) }""",
    "a weight in a branch": """net (bool x) => (float[4] y) <float[4] w = {1, 2, 3, 4}>
        { y = If (x) <then_branch = a () => (float[4] t) { t = Identity (w) },
                      else_branch = b () => (float[4] e) { e = Neg (w) }> }""",
    "the first state of a loop": """net (int64 x) => (float[4] y)
        <float[4] w = {1, 2, 3, 4}>
        { y = Loop (x, , w) <body = b (int64 i, bool c, float[4] s) => (bool d, float[4] t)
            { d = Identity (c) t = Relu (s) }> }""",
    "the default of an input": """net (float[4] x = {1, 2, 3, 4}) => (float[4] y)
        { y = Identity (x) }""",
    "an input": "net (float[n] x) => (float[n] y) { y = Identity (x) }",
    "columns of an input": """net (float[n, 4] x) => (float[p, q] y, float[p, q] z)
        { y, z = Split <axis = 1> (x) }""",
    "an input, turned": """net (float[n, 4] x) => (float[4, n] y)
        { y = Transpose (x) }""",
    "one value twice": """net (float[n] x) => (float[n] y, float[n] z)
        { y = Neg (x) z = Identity (y) }""",
    "a sequence of an input and a weight": """net (float[4] x) => (seq(float[4]) y)
        <float[4] w = {1, 2, 3, 4}> { y = SequenceConstruct (x, w, x) }""",
    "parts of an input": """net (float[n, 4] x) => (seq(float[p, q]) y)
        { y = SplitToSequence <axis = 1> (x) }""",
    "a sequence": """net (seq(float[n]) x) => (seq(float[n]) y)
        { y = Identity (x) }""",
    "an item of a sequence": """net (seq(float[n]) x) => (float[n] y)
        <int64 zero = {0}> { y = SequenceAt (x, zero) }""",
    "integers without limits": """net (int8[n] x) => (int8[n] y)
        { y = Clip (x) }""",
    "a window that pools nothing": """net (float[1, 1, n] x) => (float[1, 1, m] y)
        { y = MaxPool <kernel_shape = [1]> (x) }""",
}
INPUTS: dict[str, tuple[Any, ...]] = {
    "a weight": (),
    "the default of an input": (),
    "rows of a weight": (np.zeros(2, np.int64),),
    "a weight that is reshaped": (np.array([2, 2]),),
    "a weight that is expanded": (np.array([3]),),
    "a weight in a branch": (np.array(True),),
    "the first state of a loop": (np.array(0),),
    "columns of an input": (np.ones((3, 4), np.float32),),
    "an input, turned": (np.ones((3, 4), np.float32),),
    "parts of an input": (np.ones((3, 4), np.float32),),
    "integers without limits": (np.arange(4, dtype=np.int8),),
    "a sequence": ([np.ones(2, np.float32), np.zeros(3, np.float32)],),
    "an item of a sequence": ([np.ones(2, np.float32)],),
    "a window that pools nothing": (np.ones((1, 1, 5), np.float32),),
}


def loaded(text: str, level: int) -> Callable[..., Any]:
    return onnx2py.load_model(onnx.parser.parse_model(f"{HEADER} {text}"), level=level)


def source(text: str, folder: Path, level: int = 1) -> str:
    model = onnx.parser.parse_model(f"{HEADER} {text}")
    onnx2py.compile_model(model, folder / "net", level=level)
    return (folder / "net" / "model.py").read_text()


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", list(MODELS))
def test_what_a_call_returns_belongs_to_the_caller(name, level):
    model = loaded(MODELS[name], level)
    inputs = INPUTS.get(name, (np.arange(4, dtype=np.float32),))
    check_ownership(lambda given: model(*given), inputs)


@pytest.mark.parametrize("level", [0, 1])
def test_outputs_of_mapped_weights_can_be_written_to(level):
    w = np.arange(1 << 19, dtype=np.float32)  # 2 MiB
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Slice", ["w", "z", "n"], ["y"])],
        "net",
        [onnx.helper.make_tensor_value_info("n", onnx.TensorProto.INT64, [1])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n"])],
        [
            onnx.numpy_helper.from_array(v, k)
            for k, v in (("w", w), ("z", np.array([0])))
        ],
    )
    model = onnx2py.load_model(onnx.helper.make_model(graph), level=level)
    y = model(np.array([3]))
    y += 1
    assert y.tolist() == [1, 2, 3]
    assert model(np.array([3])).tolist() == [0, 1, 2]


def test_an_input_that_is_a_view_of_a_buffer_is_not_returned_as_one():
    model = loaded("net (float[n] x) => (float[m] y) { y = Flatten <axis = 0> (x) }", 1)
    buffer = bytearray(np.ones(4, np.float32).tobytes())
    y = model(np.frombuffer(buffer, np.float32))
    buffer[:] = bytes(16)
    assert y.ravel().tolist() == [1, 1, 1, 1]


def test_parts_of_a_new_array_are_not_copied():
    model = loaded(
        """net (float[n, 4] x) => (float[p, q] y, float[p, q] z)
        { t = Neg (x) y, z = Split <axis = 1> (t) }""",
        1,
    )
    y, z = model(np.ones((3, 4), np.float32))
    assert y.base is not None
    assert y.base is z.base


def test_an_output_that_is_new_is_returned_as_it_is(tmp_path):
    text = "net (float[n] x) => (float[n, 1] y) <int64[1] a = {1}>"
    text += " { t = Exp (x) y = Unsqueeze (t, a) }"
    assert "own" not in source(text, tmp_path)


def test_an_output_is_compared_with_what_it_may_be_a_view_of(tmp_path):
    text = """net (float[n] x, int64[1] s) => (float[m] y, float[n] z)
        <float[4] w = {1, 2, 3, 4}> { y = Reshape (w, s) z = Identity (x) }"""
    written = source(text, tmp_path)
    assert "return Outputs(own(y, self.w), x.copy())" in written


def test_a_loop_is_looked_into(tmp_path):
    text = """net (int64 n, float[2] x, float[2] u) => (float[2] y, float[k, 2] z)
        { y, z = Loop (n, , x) <body = b (int64 i, bool c, float[2] s)
            => (bool d, float[2] t, float[2] p)
            { d = Identity (c) t = Mul (s, u) p = Identity (u) }> }"""
    written = source(text, tmp_path)
    assert "return Outputs(own(as_array(y), x), as_array(z))" in written


def test_many_weights_are_not_listed(tmp_path):
    weights = ", ".join(f"float[2] w{i} = {{{i}, 1}}" for i in range(9))
    before = ["x", *(f"r{i}" for i in range(9))]
    nodes = " ".join(
        f"""r{i} = If (c) <
            then_branch = a () => (float[2] t{i}) {{ t{i} = Identity (w{i}) }},
            else_branch = b () => (float[2] e{i}) {{ e{i} = Identity ({before[i]}) }}>"""
        for i in range(9)
    )
    text = f"net (bool c, float[2] x) => (float[2] r8) <{weights}> {{ {nodes} }}"
    assert "own(as_array(r8), *vars(self).values(), x)" in source(text, tmp_path)
    model = loaded(text, 1)
    inputs = (np.array(False), np.ones(2, np.float32))
    check_ownership(lambda given: model(*given), inputs)
