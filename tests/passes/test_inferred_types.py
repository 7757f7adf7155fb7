"""Types that the passes infer, compared with what onnxruntime computes for random models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from onnx2py.decode import decode
from onnx2py.ir.sums import Sum
from onnx2py.ir.types import Dim, TensorType
from onnx2py.load import load
from onnx2py.passes._microsoft_shapes import RULES
from onnx2py.passes.symbols import follow_symbols
from onnx2py.testing import NoAnswerError
from onnx2py.testing.fuzz.case import NodeCase
from onnx2py.testing.fuzz.oracle import expected_outputs
from onnx2py.testing.fuzz.registry import draw_case, generators
from onnx2py.traits.operators import operator_traits

OPERATORS = [key for key in generators() if key[0] == "com.microsoft"]
ONNX = ["Reshape", "Expand", "ConstantOfShape", "LayerNormalization", "Resize", "TopK"]
CASES = 20


def cases(domain: str, operator: str) -> Iterator[NodeCase]:
    for number in range(CASES):
        case = draw_case(domain, operator, number)
        if case is not None:
            yield case


def lengths_of(case: NodeCase) -> dict[str, int]:
    """Return the lengths that symbols of inputs stand for."""
    return {
        f"d{i}_{axis}": length
        for i, value in enumerate(case.inputs)
        if isinstance(value, np.ndarray)
        for axis, length in enumerate(value.shape)
    }


def known(dim: Dim, lengths: Mapping[str, int]) -> int | None:
    if isinstance(dim, Sum):
        return dim.number + sum(lengths[term] for term in dim.terms)
    return lengths.get(dim) if isinstance(dim, str) else dim


@pytest.mark.parametrize(
    ("domain", "operator"), [*OPERATORS, *(("", name) for name in ONNX)]
)
def test_types_are_those_of_what_is_computed(domain, operator):
    for case in cases(domain, operator):
        try:
            outputs = expected_outputs(case)
        except NoAnswerError:
            continue
        graph = follow_symbols(decode(load(case.model())).graph)
        names = [name for name in case.output_names if name]
        for name, value in zip(names, outputs):
            kind = graph.types.get(name)
            if not isinstance(kind, TensorType) or not isinstance(value, np.ndarray):
                continue
            if value.dtype != object:
                assert kind.dtype == value.dtype.name, case.describe()
            if kind.shape is not None:
                told = [known(dim, lengths_of(case)) for dim in kind.shape]
                assert len(told) == value.ndim, case.describe()
                both = zip(told, value.shape)
                assert all(a in (None, b) for a, b in both), case.describe()


KNOWN = [
    operator
    for domain, operator in OPERATORS
    if operator_traits(domain, operator).keeps_shape or operator in RULES
]


@pytest.mark.parametrize("operator", KNOWN)
def test_shapes_of_onnxruntimes_operators_are_known(operator):
    shapes = []
    for case in cases("com.microsoft", operator):
        if case.declared != "nothing":
            graph = follow_symbols(decode(load(case.model())).graph)
            kind = graph.types[case.output_names[0]]
            shapes.append(kind.shape if isinstance(kind, TensorType) else None)
    assert any(shape is not None and None not in shape for shape in shapes)
