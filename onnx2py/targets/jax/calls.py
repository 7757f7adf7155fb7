"""Calls as JAX's source: operators, methods, indices, and the twins in ``ops``."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ...emit.calls import CallWriter
from ...emit.infix import infix_text
from ...emit.literals import function_name, index_text
from ...emit.uses import Uses
from ...ir.program import Call
from ...ir.symbols import Symbol, kernel_of
from ..inline import Libraries, inlined
from ..network.layer import Layer
from ..operators import Table, operator_of
from .attention import ATTENTION, attention_call
from .idioms import IDIOMS, NUMBERS_BESIDE
from .layers import layer_call
from .literals import COMPLEX, FLOATS, WHOLE

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
    np.negative: ("-", NUMBERS),
    np.logical_not: ("~", TRUTH),
    np.invert: ("~", WHOLE),
    np.square: ("**2", FLOATS),
}
LENGTHS = {np.ndim: "ndim", np.shape: "shape", np.size: "size"}
"""What an array says of itself."""


def note(name: str, uses: Uses) -> None:
    """Note that a module of JAX's is read."""
    uses.name(name, name)


LIBRARIES = Libraries(("jnp", "jax", "lax"), note)


def jax_call(writer: CallWriter) -> str:
    """Return the source of a call."""
    call, argument = writer.call, writer.argument
    if isinstance(call.function, Layer):
        return layer_call(writer, call.function)
    if call.function is ATTENTION:
        return attention_call(writer)
    kernel = kernel_of(call.function)
    if kernel is operator.getitem:
        data, index = call.args[:2]
        assert isinstance(index, tuple)
        near = tuple(map(_near, index))
        return f"{argument(data)}[{index_text(near, argument)}]"
    if not isinstance(kernel, str) and kernel in LENGTHS:
        data, *axis = map(argument, call.args)
        return f"{data}.shape[{axis[0]}]" if axis else f"{data}.{LENGTHS[kernel]}"
    symbol = operator_of(writer, BINARY, OF_ONE)
    if symbol:
        return infix_text(writer, symbol, lambda value, _: writer.number(value))
    function = call.function
    assert isinstance(function, Symbol)
    idiom = IDIOMS.get(f"{function.module}.{function.name}")
    return (idiom and idiom(writer)) or inlined(writer, LIBRARIES) or twin_call(writer)


def _near(part: Any) -> Any:
    """Return a slice without a step that XLA overflows with; axes are shorter than 2 ** 31."""
    if not isinstance(part, slice) or not isinstance(part.step, int):
        return part
    return slice(part.start, part.stop, max(-(2**31), min(part.step, 2**31)))


def twin_call(writer: CallWriter) -> str:
    """Return the call of a twin."""
    args, kwargs = writer.arguments()
    name = function_name(writer.call.function, writer.uses)  # type: ignore[arg-type]
    return f"{name}({', '.join([*args, *kwargs])})"


def takes_numbers(call: Call) -> bool:
    """Whether it is an operator in Python, which takes numbers beside arrays."""
    kernel = kernel_of(call.function)
    is_layer = isinstance(call.function, Layer)
    if is_layer or isinstance(kernel, str) or kernel is np.matmul:
        return False
    return kernel in BINARY or kernel in NUMBERS_BESIDE
