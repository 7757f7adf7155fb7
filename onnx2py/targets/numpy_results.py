"""What NumPy's packages return: arrays that the caller may write over."""

from __future__ import annotations

from ..emit.results import ResultWriter
from ..ir.types import TensorType
from ..plan.ownership import Holders

FEW_HOLDERS = 4
"""Number of values that an output is compared with by name."""


def numpy_result(writer: ResultWriter, value: str, holders: Holders) -> str:
    """Return the expression for a returned value, which has its own memory."""
    spelling, outputs = writer.spelling, writer.program.outputs
    text = _as_array(writer, value)
    held = [v for v in holders.values if not spelling.is_literal(v)]
    names = [spelling.expression(v) for v in held]
    if len(held) > FEW_HOLDERS:
        variables = map(spelling.expression, filter(spelling.is_variable, held))
        names = ["*vars(self).values()", *variables]
    if text in names and isinstance(writer.program.types.get(value), TensorType):
        return f"{text}.copy()"
    if not holders:
        return text
    others = dict.fromkeys(spelling.expression(outputs[i]) for i in holders.outputs)
    return f"{writer.uses.helper('own')}({', '.join((text, *others, *names))})"


def _as_array(writer: ResultWriter, value: str) -> str:
    """Return the expression for a value, converted if it may be a NumPy scalar."""
    spelled = writer.spelling.expression(value)
    value_type = writer.program.types.get(value)
    if isinstance(value_type, TensorType):
        is_array = bool(value_type.rank) and value not in writer.open
        is_array = is_array or writer.spelling.is_attribute(value)
    else:
        is_array = value_type is not None
    return spelled if is_array else f"{writer.uses.helper('as_array')}({spelled})"
