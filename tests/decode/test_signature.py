"""Which tensors PyTorch's newer exporter says to be buffers."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from onnx2py.decode.signature import KIND, PERSISTENT, noted_buffers
from onnx2py.front import read
from onnx2py.options import Options


def noted(**metadata: str) -> onnx.ValueInfoProto:
    value = helper.make_tensor_value_info("w", 1, [3])
    for key, text in metadata.items():
        value.metadata_props.add(key=key, value=text)
    return value


@pytest.mark.parametrize(
    "kind, persistent, expected",
    [
        ("BUFFER", "True", {"w": True}),
        ("BUFFER", "False", {"w": False}),
        ("CONSTANT_TENSOR", "None", {"w": False}),
        ("PARAMETER", "None", {}),
        ("buffer; import os", "False", {}),
    ],
)
def test_kinds(kind, persistent, expected):
    value = noted(**{KIND: kind, PERSISTENT: persistent})
    assert dict(noted_buffers([value])) == expected


def test_a_type_without_metadata_says_nothing():
    assert not [*noted_buffers([noted(), noted(**{PERSISTENT: "False"})])]


def test_programs_know_buffers_that_are_constants():
    x, y = (helper.make_tensor_value_info(name, 1, [3]) for name in "xy")
    weights = [numpy_helper.from_array(np.ones(3, np.float32), "w")]
    nodes = [helper.make_node("Add", ["x", "w"], ["y"])]
    graph = helper.make_graph(nodes, "net", [x], [y], weights)
    buffer = noted(**{KIND: "BUFFER", PERSISTENT: "False"})
    graph.value_info.append(buffer)
    buffer.name = "other"  # no constant
    graph.value_info.append(buffer)
    opset = [helper.make_opsetid("", 21)]
    made = helper.make_model(graph, opset_imports=opset, ir_version=10)
    front = read(made, Options())
    assert front.decoded.graph.buffers == {"w": False}
    assert front.program().buffers == {"w": False}
