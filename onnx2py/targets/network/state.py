"""What ``state_dict`` of a program's module has: its keys, and what each stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ...emit.arrays import is_inline
from ...ir.graph import Scope, onnx_name
from ...ir.program import Call, Program, references
from ...ir.types import dtype_name
from ...plan.outline.scopes import common
from .dtypes import FLOATS
from .layer import Layer
from .paths import Places, other_path, scope_path, weight_path

BATCHES = "num_batches_tracked"
"""How often batch normalization was trained: a buffer that no ONNX file has."""
STATISTICS = ("running_mean", "running_var")
"""The buffers of layers."""
_COMPUTED = re.compile(
    r"val_[0-9]+|.*[Cc]onstant.*|.*_output_[0-9]+|onnx::(?!MatMul|Gemm|Conv)\w+_[0-9]+"
)
"""What PyTorch's exporters call the results of their own folding: masks, tables.

Products read weights, however they were turned.
"""


@dataclass
class State:
    """The state of a module.

    Attributes
    ----------
    values : mapping
        The value of the program for each key; keys of one value are tied.
    arrays : mapping
        The array for each key.
    buffers : set of str
        The keys that no optimizer changes: statistics, and what is no float.
    missing : mapping
        Why a weight of floats has no key that the exported model had: by the key in place of it.
    constants : set of str
        The keys of what exporters and this compiler computed: no weights of the exported model.
    """

    values: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    buffers: set[str] = field(default_factory=set)
    missing: dict[str, str] = field(default_factory=dict)
    constants: set[str] = field(default_factory=set)

    @property
    def tied(self) -> Mapping[str, str]:
        """The key that has the same weight, for each key after the first."""
        first: dict[str, str] = {}
        for key, value in self.values.items():
            first.setdefault(value, key)
        return {k: first[v] for k, v in self.values.items() if first[v] != k}

    def is_apart(self, key: str) -> bool:
        """Whether a constant is beside the state: computed, or few integers of no module."""
        is_plain = key in self.buffers and "." not in key
        return key in self.constants or (is_plain and is_inline(self.arrays[key]))


def state_of(program: Program) -> State:
    """Return the state of a program whose layers were found.

    Constants of one element that no name of the file says to be parameters are left out: they are
    numbers.
    """
    state, places = State(), Places()
    of_layers: set[str] = set()
    others: dict[str, list[tuple[Scope, ...]]] = {}
    also: dict[str, str] = {}
    for statement in program.walk():
        call = statement.operation
        layer = call.function if isinstance(call, Call) else None
        weights: dict[str, str] = {}
        if isinstance(layer, Layer) and isinstance(call, Call):
            weights = layer.weights(call)
            _add_layer(state, places, program, layer, weights)
            of_layers.update(weights.values())
            also.update((k, weights[n]) for n, k in layer.also if n not in STATISTICS)
        for name in references(statement.operation):
            if name in program.weights:
                others.setdefault(name, []).append(statement.scopes)
    for name in program.outputs:
        if name in program.weights:
            others.setdefault(name, []).append(())
    plain = {
        name: scope_path(common(scopes))
        for name, scopes in others.items()
        if name not in of_layers and name not in program.defaults
    }
    for name in sorted(plain, key=lambda name: not _named(program, name, plain[name])):
        _add_weight(state, places, program, name, plain[name])
    for key, value in also.items():
        if key not in state.values and places.is_free(key):
            state.values[key], state.arrays[key] = value, program.weights[value]
    return state


def _add_layer(
    state: State,
    places: Places,
    program: Program,
    layer: Layer,
    weights: Mapping[str, str],
) -> None:
    keys = layer.keys()
    if all(keys[name] in state.values for name in weights) and weights:
        return
    if layer.is_module:
        places.claim(layer.path)
    for name, value in weights.items():
        if not layer.is_module:
            places.claim(keys[name])
        state.values[keys[name]] = value
        state.arrays[keys[name]] = program.weights[value]
        if name in STATISTICS:
            state.buffers.add(keys[name])
    if layer.name.startswith("BatchNorm"):
        key = f"{layer.path}.{BATCHES}"
        state.arrays[key] = np.zeros((), np.int64)
        state.buffers.add(key)


def _named(program: Program, name: str, module: str) -> str:
    """Return the path that the exported model had for a weight, "" if the name is none of its.

    Of one word, it is the model's own, or an exporter's word for what is computed in a module.
    """
    path = weight_path(name)
    is_own = "." in path or not (
        module or is_computed(name) or program.folded.get(name)
    )
    return path if is_own and program.buffers.get(name, True) else ""


def is_computed(name: str) -> bool:
    """Whether a name is one that exporters give to what they compute."""
    return bool(_COMPUTED.fullmatch(onnx_name(name)))


def _is_weight(program: Program, name: str) -> bool:
    """Whether the file has a constant of floats as it is, by no name for what exporters compute."""
    array = program.weights[name]
    is_given = not (program.folded.get(name) or is_computed(name))
    is_given = is_given and program.buffers.get(name, True)
    return is_given and _is_float(array) and array.size > 1


def _is_float(array: np.ndarray) -> bool:
    return array.dtype.kind != "O" and dtype_name(array.dtype) in FLOATS


def _add_weight(
    state: State, places: Places, program: Program, name: str, module: str
) -> None:
    array, path = program.weights[name], _named(program, name, module)
    is_float = _is_float(array)
    is_number = not (path and "." in path and is_float and np.isfinite(array).all())
    if array.size == 1 and is_number:
        return
    word = other_path(name, "constant")
    key = places.claim(path or (f"{module}.{word}" if module else word))
    state.values[key] = name
    state.arrays[key] = array
    if not is_float or name in program.buffers:
        state.buffers.add(key)
    if not (path or _is_weight(program, name)):
        state.constants.add(key)
    if not path and is_float:
        state.missing[key] = _reason(program, name)


def _reason(program: Program, name: str) -> str:
    """Say why the exported model's name of a weight is not known."""
    labels = program.folded.get(name, ())
    if labels:
        return f"computed from constants: {' + '.join(labels)}"
    return f"the file calls it {onnx_name(name)}"
