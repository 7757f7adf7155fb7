"""Calls as PyTorch's source: operators, methods, indices, and the twins in ``ops``."""

from __future__ import annotations

import ast
import operator
from typing import Any

import numpy as np

from ...emit.calls import CallWriter
from ...emit.infix import infix_text
from ...emit.literals import function_name, index_text
from ...ir.program import Argument, Call
from ...ir.symbols import Symbol, kernel_of
from ...kernels.slicing import slice_axes
from ..inline import Libraries, definition_of, inlined
from ..network.layer import Layer
from ..operators import Table, operator_of
from .idioms import IDIOMS, NUMBERS_BESIDE
from .idioms_text import device
from .layer_calls import layer_call
from .literals import COMPLEX, FLOATS, WHOLE, model_device

LIBRARIES = Libraries(
    ("F", "torch"),
    lambda name, uses: (
        uses.library(name) if name == "torch" else uses.name(name, name)
    ),
    model_device,
)
NUMBERS = FLOATS | COMPLEX | WHOLE
TRUTH = frozenset(["bool"])

BINARY: Table = {
    np.add: ("+", NUMBERS),
    np.subtract: ("-", NUMBERS),
    np.multiply: ("*", NUMBERS),
    np.divide: ("/", FLOATS | COMPLEX),
    np.matmul: ("@", FLOATS),
    np.equal: ("==", NUMBERS | TRUTH),
    np.not_equal: ("!=", NUMBERS | TRUTH),
    np.greater: (">", NUMBERS - COMPLEX),
    np.greater_equal: (">=", NUMBERS - COMPLEX),
    np.less: ("<", NUMBERS - COMPLEX),
    np.less_equal: ("<=", NUMBERS - COMPLEX),
    np.logical_and: ("&", TRUTH),
    np.logical_or: ("|", TRUTH),
    np.logical_xor: ("^", TRUTH),
    np.bitwise_and: ("&", WHOLE),
    np.bitwise_or: ("|", WHOLE),
    np.bitwise_xor: ("^", WHOLE),
}
"""The operators of two operands, and the element types for which they are the same function."""
OF_ONE: Table = {
    np.negative: ("-", NUMBERS - {"uint8"}),
    np.logical_not: ("~", TRUTH),
    np.invert: ("~", WHOLE),
    np.square: ("**2", FLOATS),
}

LENGTHS = {np.ndim: "ndim", np.shape: "shape", np.size: "numel()"}
"""What a tensor says of itself."""


def torch_call(writer: CallWriter) -> str:
    """Return the source of a call."""
    call, argument = writer.call, writer.argument
    if isinstance(call.function, Layer):
        return layer_call(writer, call.function)
    kernel = kernel_of(call.function)
    if kernel is operator.getitem:
        return _index(writer)
    if not isinstance(kernel, str) and kernel in LENGTHS:
        data, *axis = map(argument, call.args)
        return f"{data}.shape[{axis[0]}]" if axis else f"{data}.{LENGTHS[kernel]}"
    symbol = operator_of(writer, BINARY, OF_ONE)
    if symbol:
        return infix_text(writer, symbol, lambda value, _: writer.number(value))
    idiom = IDIOMS.get(path_of(call.function))
    return (idiom and idiom(writer)) or inlined(writer, LIBRARIES) or twin_call(writer)


def path_of(function: Any) -> str:
    """Return the module and the name of a twin."""
    return f"{function.module}.{function.name}" if isinstance(function, Symbol) else ""


def twin_call(writer: CallWriter) -> str:
    """Return the call of a twin, which is told where to make tensors if nothing else says so."""
    target = writer.uses.target
    function = target.function(kernel_of(writer.call.function))
    assert isinstance(function, Symbol)
    args, kwargs = writer.arguments()
    twin = definition_of(function, target.kernels)
    if isinstance(twin, ast.FunctionDef) and "device" in _parameters(twin):
        kwargs.append(device(writer))
    return f"{function_name(function, writer.uses)}({', '.join([*args, *kwargs])})"


def takes_numbers(call: Call) -> bool:
    """Whether it is an operator in Python, which takes numbers beside tensors."""
    kernel = kernel_of(call.function)
    is_layer = isinstance(call.function, Layer)
    if is_layer or isinstance(kernel, str) or kernel is np.matmul:
        return False
    return kernel in BINARY or kernel in NUMBERS_BESIDE


def _index(writer: CallWriter) -> str:
    """Return an index, or what PyTorch has for one with a negative step."""
    data, index = writer.call.args[0], writer.call.args[1]
    assert isinstance(index, tuple)
    slices = [part for part in index if isinstance(part, slice)]
    if all(part.step is None or _is_positive(part.step) for part in slices):
        return f"{writer.argument(data)}[{index_text(index, writer.argument)}]"
    start = -len(slices) if Ellipsis in index else 0
    parts = {start + i: part for i, part in enumerate(slices) if part != slice(None)}
    if all(_is_reversal(part) for part in parts.values()):
        return f"{writer.argument(data)}.flip({', '.join(map(str, parts))})"
    lists = (
        [part.start for part in parts.values()],
        [part.stop for part in parts.values()],
        [*parts],
        [part.step or 1 for part in parts.values()],
    )
    texts = (f"({', '.join(map(writer.argument, each))},)" for each in lists)
    name = function_name(slice_axes, writer.uses)
    return f"{name}({writer.argument(data)}, {', '.join(texts)})"


def _is_reversal(part: slice) -> bool:
    return part.start in (None, -1) and part.stop is None and part.step == -1


def _is_positive(step: Argument) -> bool:
    return isinstance(step, int) and step > 0


def _parameters(function: ast.FunctionDef) -> list[str]:
    return [a.arg for a in (*function.args.args, *function.args.kwonlyargs)]
