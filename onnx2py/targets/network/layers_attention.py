"""Projections that ``nn.MultiheadAttention`` keeps in one parameter: queries, keys, values.

Its ``in_proj_weight`` is theirs, one below the other. Attention to other tokens multiplies by parts
of it: ``F.linear(x, self.attn.in_proj_weight[:64], self.attn.in_proj_bias[:64])``.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from ...ir.program import Argument, Call, Ref, Statement
from ...ir.types import tensor_type_of
from .layer import MODULES
from .layers_linear import IN, projection
from .modules import Found
from .paths import scope_path, weight_path

OUT = "out_proj"
CLASS = "MultiheadAttention"


def joined(found: Sequence[Found]) -> list[Found]:
    """Return layers with one parameter for the projections of each attention (rule L2)."""
    groups: dict[str, list[Found]] = defaultdict(list)
    for each in found:
        place = scope_path(each.statement.scopes)
        if place and _is_unnamed(each) and _is_attention(each, place):
            groups[place].append(each)
    changed: dict[int, Found] = {}
    for place, group in groups.items():
        size = group[0].fit.parameters[0].array.shape[1]
        lengths = [e.fit.parameters[0].array.shape for e in group]
        for count in (1, 2, 3):
            rows = [n for n, _ in lengths[:count]]
            if rows in ([3 * size], [size, 2 * size], [size] * 3):
                if {k for _, k in lengths[:count]} != {size}:
                    continue
                changed.update(_parts(place, group[:count]))
                if lengths[count:] == [(size, size)]:
                    last = group[count]
                    fit = replace(last.fit, place=f"{place}.{OUT}")
                    changed[id(last)] = replace(last, fit=fit)
                break
    return [changed.get(id(each), each) for each in found]


def _is_unnamed(found: Found) -> bool:
    """Whether it is a linear layer whose parameters have no names of their own."""
    if (found.fit.name, found.fit.module) != ("Linear", MODULES):
        return False
    sharers = found.site.facts.sharers
    values = [p.value for p in found.fit.parameters]
    return not any("." in weight_path(v) and sharers[v] == 1 for v in values)


def _is_attention(found: Found, place: str) -> bool:
    if found.statement.scopes[-1].class_name:
        return found.statement.scopes[-1].class_name == CLASS
    names = (f"{place}.{OUT}.weight", f"{place}.{OUT}.bias")
    return any(name in found.site.weights for name in names)


def _parts(place: str, group: Sequence[Found]) -> Iterator[tuple[int, Found]]:
    """Yield products by the rows of one parameter in place of layers."""
    facts = group[0].site.facts
    keys = {tuple(p.key for p in each.fit.parameters) for each in group}
    if len(keys) != 1:
        return
    if len(group) == 1:
        fit = replace(projection(group[0].fit), place=place)
        yield id(group[0]), replace(group[0], fit=fit)
        return
    wholes = []
    for parameters in zip(*(each.fit.parameters for each in group)):
        array = np.concatenate([p.array for p in parameters])
        name = facts.new(f"{place}.{IN}{parameters[0].key}", tensor_type_of(array))
        wholes.append((name, array))
    ends = list(accumulate(len(each.fit.parameters[0].array) for each in group))
    for each, start, end in zip(group, (0, *ends), ends):
        part = slice(start or None, end if end < ends[-1] else None)
        before, inputs = [], list[Argument](each.fit.inputs)
        for name, array in wholes:
            rows = facts.new(f"{name}_part", tensor_type_of(array[part]))
            call = Call(operator.getitem, (Ref(name), (part,)))
            before.append(Statement(call, (rows,), (), scopes=each.statement.scopes))
            inputs.append(Ref(rows))
        fit = replace(
            projection(each.fit),
            inputs=tuple(inputs),
            parameters=(),
            before=tuple(before),
            made=dict(wholes),
        )
        yield id(each), replace(each, fit=fit)
