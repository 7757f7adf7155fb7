"""Products by constant matrices take in what stands around them.

J1  Products of one value by several matrices, soon after each other, each with a bias added or
    not -> one product by the matrices side by side; slices of it take their places.
J2  A layer or RMS normalization, read by nothing but such products -> its scale and its bias go
    into the matrices and the biases.
"""

from __future__ import annotations

import itertools
import operator
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.graph import Scope
from ..ir.program import Call, Program, Ref, Statement
from ..kernels.normalization import layer_normalization, rms_normalization
from .outline.scopes import Path, common
from .projections import Projection, Projections, joined_name

SOON = 16
"""How many statements later: where much lies between, the first results would wait in memory."""


def join_projections(program: Program) -> Program:
    """Let one product stand for several of one value (rule J1)."""
    found = Projections.of(program)
    place = {id(s): i for i, s in enumerate(program.statements)}
    groups: dict[tuple[str, Any], list[Projection]] = defaultdict(list)
    for statement in program.statements:
        each = found.projection(statement)
        if each is not None:
            groups[each.x.name, each.function].append(each)
    for group in groups.values():
        for near in _runs([(place[id(each.product)], each) for each in group]):
            _join(found, near)
    return found.done()


def _runs(group: Sequence[tuple[int, Projection]]) -> Iterator[list[Projection]]:
    """Yield those that follow each other soon, if they are several."""
    near: list[tuple[int, Projection]] = []
    for each in [*group, None]:
        if each is None or (near and each[0] - near[0][0] > SOON):
            if len(near) > 1:
                yield [projection for _, projection in near]
            near = []
        near += [each] if each else []


def _join(found: Projections, group: Sequence[Projection]) -> None:
    first = group[0]
    arrays = [found.weights[each.matrix] for each in group]
    ends = list(itertools.accumulate(array.shape[1] for array in arrays))
    matrix = found.add([each.matrix for each in group], np.concatenate(arrays, 1))
    kind = found.type_of(first.x)
    assert kind is not None and kind.shape
    kind = replace(kind, shape=(*kind.shape[:-1], ends[-1]))
    name = found.name([each.product.outputs[0] for each in group], kind)
    nodes = tuple(n for each in group for n in each.product.nodes)
    product = Call(first.function, (first.x, Ref(matrix)))
    scopes = _joined([each.product.scopes for each in group])
    new = [Statement(product, (name,), nodes, scopes=scopes)]

    biases = [each.bias for each in group if each.bias]
    if biases:
        rows = [
            found.weights[each.bias] if each.bias else np.zeros(a.shape[1], a.dtype)
            for each, a in zip(group, arrays)
        ]
        row = found.add(biases, np.concatenate(rows))
        total = found.name([each.result for each in group], kind)
        nodes = tuple(n for e in group if e.addition for n in e.addition.nodes)
        addition = Call(np.add, (Ref(name), Ref(row)))
        new.append(Statement(addition, (total,), nodes, scopes=scopes))
        name = total

    for each, start, end in zip(group, (0, *ends), ends):
        part = slice(start or None, end if end < ends[-1] else None)
        cut = Call(operator.getitem, (Ref(name), (..., part)))
        made = each.addition or each.product
        found.changed[id(each.product)] = ()
        cutting = Statement(cut, made.outputs, made.nodes, scopes=made.scopes)
        found.changed[id(made)] = (cutting,)
    found.changed[id(first.product)] = (*new, *found.changed[id(first.product)])


def _joined(paths: Sequence[Path]) -> Path:
    """Return the module of several modules' products: one of their own, such as ``qkv``."""
    shared = common(paths)
    rest = {len(path) - len(shared) for path in paths}
    if rest != {1} or len({*paths}) != len(paths):
        return shared
    return (*shared, Scope(joined_name([path[-1].path for path in paths])))


def absorb_scales(program: Program) -> Program:
    """Let matrices take in the scale and the bias of the normalization before (rule J2)."""
    if (
        program.narrow
    ):  # the matrices' numbers would be half floats no longer, in twice the bytes
        return program
    found = Projections.of(program)
    for statement in program.statements:
        call = statement.operation
        if not isinstance(call, Call) or set(call.kwargs) - {"epsilon"}:
            continue
        if call.function not in (layer_normalization, rms_normalization):
            continue
        readers = _reading_projections(found, statement.outputs[0])
        scale, *bias = (found.constant(argument) for argument in call.args[1:])
        numbers = [array for array in (scale, *bias) if array is not None]
        if len(numbers) == len(call.args) - 1 and _fit(numbers, readers, found):
            _absorb(found, statement, numbers, readers)
    return found.done()


def _reading_projections(found: Projections, name: str) -> list[Projection]:
    """Return the projections of a value, none if anything else reads it."""
    readers = [found.projection(statement) for statement in found.readers[name]]
    each = [r for r in readers if r is not None and r.x.name == name]
    return each if len(each) == found.uses[name] else []


def _fit(
    numbers: Sequence[np.ndarray], readers: Sequence[Projection], found: Projections
) -> bool:
    _, *bias = numbers
    for each in readers:
        matrix = found.weights[each.matrix]
        if any(a.shape != matrix.shape[:1] or a.dtype != matrix.dtype for a in numbers):
            return False
        if any(row.any() for row in bias) and each.addition is None:
            return False
    return bool(readers) and all(np.isfinite(array).all() for array in numbers)


def _absorb(
    found: Projections,
    norm: Statement,
    numbers: Sequence[np.ndarray],
    readers: Sequence[Projection],
) -> None:
    """Scale rows of matrices, and add what they make of the bias to other biases."""
    scale, *bias = numbers
    call, label = norm.operation, norm.nodes[-1]
    assert isinstance(call, Call)
    name = found.new(norm.outputs[0], ".normalized")
    found.types[name] = found.types[norm.outputs[0]]
    plain = replace(call, args=call.args[:1])
    found.changed[id(norm)] = (replace(norm, operation=plain, outputs=(name,)),)
    for each in readers:
        matrix = found.weights[each.matrix]
        scaled = found.put(each.matrix, matrix * scale[:, None], f"scale of {label}")
        product = Call(each.function, (Ref(name), Ref(scaled)))
        found.changed[id(each.product)] = (replace(each.product, operation=product),)
        if bias and each.addition is not None and each.bias is not None:
            moved = found.weights[each.bias] + bias[0].astype(np.float64) @ matrix
            row = found.put(each.bias, moved, f"bias of {label}")
            added = Call(np.add, (Ref(each.product.outputs[0]), Ref(row)))
            changed = replace(each.addition, operation=added)
            found.changed[id(each.addition)] = (changed,)
