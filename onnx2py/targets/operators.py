"""Operators in place of calls, where the types of the operands say that they mean the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..emit.calls import CallWriter
from ..ir.program import Ref
from ..ir.symbols import kernel_of

Table = Mapping[Any, tuple[str, frozenset[str]]]
"""The operator of a function, and the element types for which it is that function."""


def operator_of(writer: CallWriter, binary: Table, of_one: Table) -> str:
    """Return the operator that makes the same call, "" if there is none.

    ``binary`` has those of two operands, ``of_one`` those of one.
    """
    call, kernel = writer.call, kernel_of(writer.call.function)
    table = {1: of_one, 2: binary}.get(len(call.args), {})
    if isinstance(kernel, str) or kernel not in table or call.kwargs:
        return ""
    symbol, dtypes = table[kernel]
    kinds = [kind for kind in map(writer.kind, call.args) if kind is not None]
    types = {kind.dtype for kind in kinds}
    arrays = [a for a in call.args if isinstance(a, Ref) and writer.number(a) is None]
    if len(kinds) != len(call.args) or len(types) != 1 or not arrays:
        return ""
    return symbol if types <= dtypes else ""
