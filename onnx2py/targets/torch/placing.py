"""Where a module has the constants of its program: in layers, as parameters, as buffers.

T1  A parameter of a layer, and a weight that the exported model had -> at its path in the tree,
    under its key in the state.
T2  Of weights with several keys, the first is stored; the others are tied to it.
T3  Any other constant -> a buffer of the model that is no part of its state.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...emit.arrays import is_inline
from ...emit.literals import literal
from ...emit.uses import Uses
from ...emit.weights import PlacedWeights
from ...ir.program import Call, Program
from .constructors import written_arguments
from .layer import Layer
from .literals import dtype_literal, zeros
from .safetensors import TensorFile
from .state import State, state_of
from .tree import BUFFER, PARAMETER, Leaf, Tree
from .weights import FILE

TIE = "tie"


def place_state(program: Program, uses: Uses) -> PlacedWeights:
    """Return the constants that are in the state of a program's module, which are declared."""
    state = state_of(program)
    keys = {key for key in state.arrays if not _is_apart(state, key)}
    layers = dict(_layers(program, uses))
    leaves = {**layers}
    for key in state.arrays:  # in order
        if key in keys and key.rpartition(".")[0] not in layers:
            leaves[key] = _tensor(state, key, uses)
    tree = Tree(leaves, uses)
    placed = PlacedWeights(
        modules={path: tree.expression(path) for path in layers},
        taken={*tree.root},
        lines=[*tree.lines()],
    )
    for key, value in state.values.items():
        if key in keys:
            attribute = tree.expression(key).removeprefix("self.")
            placed.attributes.setdefault(value, attribute)
    tied = {k: v for k, v in state.tied.items() if {k, v} <= keys - state.buffers}
    for key, first in tied.items():
        line = f"{tree.expression(key)} = {tree.expression(first)}"
        placed.lines.append(
            {"name": "", "comment": "", "line": line, "kind": TIE, "tensor": ""}
        )
    stored = {key: np.asarray(state.arrays[key]) for key in keys - tied.keys()}
    if stored:
        placed.files[FILE] = TensorFile(stored)
    return placed


def _is_apart(state: State, key: str) -> bool:
    """Whether a constant is no part of the state: few integers of no module are not either."""
    is_plain = key in state.buffers and "." not in key
    return key in state.constants or (is_plain and is_inline(state.arrays[key]))


def _layers(program: Program, uses: Uses) -> Iterator[tuple[str, Leaf]]:
    """Yield the layers that are modules by their paths."""
    told = set()
    for statement in program.walk():
        call = statement.operation
        layer = call.function if isinstance(call, Call) else None
        if not isinstance(layer, Layer) or not layer.is_module or layer.path in told:
            continue
        assert isinstance(call, Call)
        told.add(layer.path)
        arrays = [program.weights[name] for name in layer.weights(call).values()]
        key = next(iter(layer.keys().values()), "")
        yield layer.path, Leaf(_constructor(layer, call, arrays, uses), key=key)


def _constructor(layer: Layer, call: Call, arrays: list[np.ndarray], uses: Uses) -> str:
    """Return the source that makes a layer: ``nn.Conv2d(3, 64, 7, stride=2)``."""
    lengths, options = written_arguments(layer.name, call.kwargs)
    given = [literal(value, uses) for value in lengths]
    given += [f"{name}={literal(value, uses)}" for name, value in options.items()]
    if arrays and arrays[0].dtype != np.float32:
        given.append(f"dtype={dtype_literal(arrays[0].dtype, uses)}")
    return f"nn.{layer.name}({', '.join(given)})"


def _tensor(state: State, key: str, uses: Uses) -> Leaf:
    """Return a parameter or a buffer of its own."""
    array = state.arrays[key]
    text = zeros(array.shape, array.dtype, uses)
    if key in state.buffers:
        return Leaf(text, BUFFER, key)
    return Leaf(f"nn.Parameter({text})", PARAMETER, key)
