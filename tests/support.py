"""What tests of all layers share: nodes in one line, and oracles that we did not write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnx.parser
from onnx import TensorProto, helper, numpy_helper

from onnx2py.emit.calls import render_call
from onnx2py.emit.uses import Uses
from onnx2py.ir.graph import Node
from onnx2py.ir.program import Call, Program, Statement
from onnx2py.ir.types import TensorType, ValueType, tensor_type_of
from onnx2py.lowering.context import NodeContext
from onnx2py.lowering.evaluate import evaluate_node
from onnx2py.lowering.lower import lower_node
from onnx2py.plan.prepared import prepare_parameters
from onnx2py.testing.fuzz.saturation import saturates

if TYPE_CHECKING:
    import onnxruntime


def make_node(
    operator: str,
    inputs: Sequence[str],
    outputs: Sequence[str] = ("y",),
    *,
    opset: int,
    domain: str = "",
    **attributes: Any,
) -> Node:
    """Make a node of the compiler's own IR; lists become tuples."""
    frozen = {k: tuple(v) if isinstance(v, list) else v for k, v in attributes.items()}
    return Node(operator, tuple(inputs), tuple(outputs), frozen, "node", domain, opset)


def lowered(
    operator: str,
    inputs: Sequence[str],
    outputs: Sequence[str] = ("y",),
    *,
    opset: int,
    domain: str = "",
    types: Mapping[str, TensorType] | None = None,
    constants: Mapping[str, np.ndarray] | None = None,
    prepared: bool = False,
    **attributes: Any,
) -> str:
    """Lower one node and return the call as Python source: ``ops.relu(x)``.

    If ``prepared``, as the planner's rules for constant parameters leave it.
    """
    node = make_node(
        operator, inputs, outputs, opset=opset, domain=domain, **attributes
    )
    constants = dict(constants or {})
    known = {name: tensor_type_of(array) for name, array in constants.items()}
    types = {**known, **(types or {})}
    operation = lower_node(NodeContext(node, types, constants)).operation
    assert isinstance(operation, Call)
    if prepared:
        operation, _ = with_prepared(operation, node.outputs, constants, types)
    return render_call(operation, lambda name: name, Uses())


def with_prepared(
    call: Call,
    outputs: Sequence[str],
    constants: Mapping[str, np.ndarray],
    types: Mapping[str, ValueType],
) -> tuple[Call, Mapping[str, np.ndarray]]:
    """Return a call with its constant parameters prepared, and all weights."""
    statement = Statement(call, tuple(outputs), ("node: Operator",))
    program = Program("", (), tuple(outputs), (statement,), constants, {}, types)
    program = prepare_parameters(program)
    operation = program.statements[0].operation
    assert isinstance(operation, Call)
    return operation, program.weights


def compute(
    operator: str,
    arrays: Sequence[Any],
    *,
    opset: int,
    domain: str = "",
    outputs: int = 1,
    **attributes: Any,
) -> list[Any]:
    """Run one node through its rule and kernel; None among ``arrays`` is an absent input."""
    names = [f"x{i}" if array is not None else "" for i, array in enumerate(arrays)]
    out = [f"y{i}" for i in range(outputs)]
    node = make_node(operator, names, out, opset=opset, domain=domain, **attributes)
    values = {name: array for name, array in zip(names, arrays) if name}
    found = evaluate_node(node, values)
    return [found[name] for name in out]


def node_model(
    operator: str,
    arrays: Sequence[Any],
    *,
    opset: int,
    domain: str = "",
    outputs: int = 1,
    output_types: Sequence[int] | None = None,
    **attributes: Any,
) -> onnx.ModelProto:
    """Build a model of one node, for the oracles; its output types are inferred by them."""
    names = [f"x{i}" if array is not None else "" for i, array in enumerate(arrays)]
    out = [f"y{i}" for i in range(outputs)]
    protos = {
        k: numpy_helper.from_array(v) if isinstance(v, np.ndarray) else v
        for k, v in attributes.items()
    }
    node = helper.make_node(operator, names, out, name="node", domain=domain, **protos)
    inputs = [
        helper.make_tensor_value_info(
            name,
            (
                TensorProto.STRING
                if array.dtype.kind in "UO"
                else helper.np_dtype_to_tensor_dtype(array.dtype)
            ),
            array.shape,
        )
        for name, array in zip(names, arrays)
        if name
    ]
    kinds = output_types or [TensorProto.UNDEFINED] * outputs
    results = [
        (
            helper.make_tensor_value_info(name, kind, None)
            if kind
            else onnx.ValueInfoProto(name=name)
        )
        for name, kind in zip(out, kinds)
    ]
    opsets = [helper.make_opsetid(domain, opset)]
    if domain:
        opsets.append(helper.make_opsetid("", 21))
    graph = helper.make_graph([node], "graph", inputs, results)
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def parsed(text: str, *, opset: int = 18, ir_version: int = 8) -> onnx.ModelProto:
    """Parse a graph in ONNX's textual syntax."""
    header = f'<ir_version: {ir_version}, opset_import: ["" : {opset}]>'
    return onnx.parser.parse_model(f"{header} {text}")


def unoptimized(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """Return onnxruntime's session of a model, which computes each node by itself."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    settings.graph_optimization_level = (
        onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    )
    return onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )


def onnxruntime_outputs(
    operator: str, arrays: Sequence[Any], *, opset: int, **options: Any
) -> list[Any]:
    """What onnxruntime makes of one node (see :func:`node_model` for the options)."""
    import onnxruntime

    model = node_model(operator, arrays, opset=opset, **options)
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    kinds = {array.dtype.name for array in arrays if array is not None}
    kinds |= {"uint8"} if operator.startswith("DynamicQuantize") else set()
    if kinds >= {"int8", "uint8"} and saturates():
        # The one way to exact sums there: signed bytes become unsigned, if constant.
        level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        settings.add_session_config_entry("session.x64quantprecision", "1")
        arrays = list(arrays)
        for i, array in enumerate(arrays):
            if array is not None and array.dtype == np.int8:
                tensor = numpy_helper.from_array(array, f"x{i}")
                model.graph.initializer.append(tensor)
                (known,) = (v for v in model.graph.input if v.name == f"x{i}")
                model.graph.input.remove(known)
                arrays[i] = None
    settings.graph_optimization_level = level
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    feeds = {f"x{i}": array for i, array in enumerate(arrays) if array is not None}
    return list(session.run(None, feeds))


def assert_same(
    actual: Any, expected: Any, *, rtol: float = 1e-5, atol: float = 1e-6
) -> None:
    """Compare dtype, shape and numbers (strings, integers and booleans exactly)."""
    if isinstance(expected, (list, tuple)):
        assert len(actual) == len(expected)
        for ours, theirs in zip(actual, expected):
            assert_same(ours, theirs, rtol=rtol, atol=atol)
    elif isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for key, theirs in expected.items():
            assert_same(actual[key], theirs, rtol=rtol, atol=atol)
    elif isinstance(expected, np.ndarray):
        assert isinstance(actual, np.ndarray), type(actual)
        assert actual.dtype == expected.dtype or {
            actual.dtype.kind,
            expected.dtype.kind,
        } <= {*"UO"}
        assert actual.shape == expected.shape
        if expected.dtype.kind in "fc":
            np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)
        else:
            np.testing.assert_array_equal(actual, expected)
    elif isinstance(expected, float):
        np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)
    else:
        assert actual == expected


def check_against_onnxruntime(
    operator: str,
    arrays: Sequence[Any],
    *,
    opset: int,
    rtol: float = 1e-5,
    atol: float = 1e-6,
    **options: Any,
) -> None:
    """Compare our rule and kernel with onnxruntime on one node."""
    ours = dict(options)
    ours.pop("output_types", None)
    actual = compute(operator, arrays, opset=opset, **ours)
    expected = onnxruntime_outputs(operator, arrays, opset=opset, **options)
    assert_same(actual, expected, rtol=rtol, atol=atol)
