"""Run a rule with all that the compiler may know of the inputs, and with nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onnx2py.ir.program import Call
from onnx2py.ir.types import tensor_type_of
from onnx2py.lowering.context import NodeContext
from onnx2py.lowering.evaluate import evaluate_call
from onnx2py.lowering.lower import lower_node
from tests.support import assert_same, make_node, onnxruntime_outputs


def all_paths(
    operator: str,
    arrays: Sequence[Any],
    *,
    opset: int,
    outputs: int = 1,
    **options: Any,
) -> dict[str, list[Any]]:
    """Compute a node with constant inputs, with known types, and with nothing known."""
    names = [f"x{i}" if array is not None else "" for i, array in enumerate(arrays)]
    out = [f"y{i}" for i in range(outputs)]
    values = {name: array for name, array in zip(names, arrays) if name}
    types = {name: tensor_type_of(array) for name, array in values.items()}
    found = {}
    for path, known, constants in (
        ("constants", types, values),
        ("types", types, {}),
        ("nothing", {}, {}),
    ):
        node = make_node(operator, names, out, opset=opset, **options)
        context = NodeContext(node, known, constants)
        operation = lower_node(context).operation
        assert isinstance(operation, Call)
        results = evaluate_call(operation, node.outputs, {**values, **context.weights})
        found[path] = [results[name] for name in out]
    return found


def check_all_paths(
    operator: str, arrays: Sequence[Any], *, opset: int, **options: Any
) -> None:
    """Compare all three with onnxruntime."""
    expected = onnxruntime_outputs(operator, arrays, opset=opset, **options)
    options.pop("output_types", None)
    for path, actual in all_paths(operator, arrays, opset=opset, **options).items():
        try:
            assert_same(actual, expected)
        except AssertionError as error:
            raise AssertionError(f"{path}: {error}") from error
