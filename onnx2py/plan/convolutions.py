"""Convolutions with constant weights: kernels for their shapes, weights as these want them.

C1  Conv whose weights are constant -> ``conv_packed``: channels last in memory.
C2  ... its kernel has one element, there are no groups and no pads -> ``conv_pointwise``.
C3  ... each channel has a kernel of its own -> ``conv_depthwise``.
C4  ... 3 x 3 at stride 1 over float32, many channels, no small image -> ``conv_winograd``.
C5  ConvTranspose with constant weights and without groups -> ``conv_transpose_packed``.

Weights are packed by the compiler; those that are themselves computed when the weights are
loaded (rule S1), by the package then; those that are inputs with a default, in each call. Of
weights that are made of 8 bits when they are loaded, the bytes are packed.
Winograd's are several times as many, and always computed when the weights are loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..ir.graph import new_name, onnx_name
from ..ir.memory import put_aside
from ..ir.program import (
    Argument,
    Call,
    Program,
    Ref,
    Statement,
    references,
)
from ..ir.types import DTYPES, TensorType, ValueType, tensor_type_of
from ..kernels import conv_depthwise, conv_packed, conv_winograd
from ..kernels import conv_transpose as transposed
from ..kernels.conv import conv
from ..kernels.conv_integer import subtract_zero_point
from ..kernels.quantization import dequantize_linear, dequantize_linear_per_axis
from ..traits.kernels import kernel_traits
from .traverse import names_read, with_blocks

FEWEST_CHANNELS = 32
"""For Winograd: with fewer, sums cost more than products save."""
SMALLEST = {4: 20, 2: 10}
"""The shortest side of a result for tiles of 4 and of 2; below, much of a tile is padding."""
LARGE_BYTES = 1 << 26
"""Packed weights that large are kept out of the compiler's memory."""


def choose_convolutions(program: Program) -> Program:
    """Let convolutions be computed by the kernels that their shapes suit (rules C1 to C5)."""
    chooser = _Chooser(program)
    changed = with_blocks(program, lambda statements, _: chooser.all(statements))
    read = names_read((*chooser.setup, *changed.statements), program.outputs)
    return replace(
        changed,
        weights=chooser.weights,
        types=chooser.types,
        setup=tuple(s for s in chooser.setup if not read.isdisjoint(s.outputs)),
    )


@dataclass(frozen=True)
class _Convolution:
    """What is known of a call of ``conv``."""

    kernel_shape: tuple[int, ...]
    channels: int
    """Of the weights: those of a group."""
    results: int
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: Argument
    group: int

    @classmethod
    def of(cls, call: Call, weight: tuple[int, ...]) -> _Convolution:
        ones = (1,) * (len(weight) - 2)
        given: Mapping[str, Any] = call.kwargs
        return cls(
            weight[2:],
            weight[1],
            weight[0],
            given.get("strides") or ones,
            given.get("dilations") or ones,
            given.get("pads"),
            given.get("group", 1),
        )

    @property
    def is_pointwise(self) -> bool:
        single = all(k == 1 for k in self.kernel_shape) and self.group == 1
        return single and (self.pads is None or _no_pads(self.pads))

    @property
    def is_depthwise(self) -> bool:
        return self.channels == 1 and self.group == self.results > 1

    def tile(self, kind: ValueType | None) -> int | None:
        """Return the length of tiles for Winograd, None where it does not pay."""
        plain = self.strides == self.dilations == (1, 1) and self.group == 1
        if self.kernel_shape != (3, 3) or not plain or isinstance(self.pads, str):
            return None
        if min(self.channels, self.results) < FEWEST_CHANNELS:
            return None
        shape = kind.shape if isinstance(kind, TensorType) and kind.shape else ()
        known = [side for side in shape[2:] if isinstance(side, int)]
        shortest = min(known, default=max(SMALLEST.values()))
        return next((t for t, least in SMALLEST.items() if shortest >= least), None)


def _no_pads(pads: Argument) -> bool:
    return isinstance(pads, str) or (isinstance(pads, tuple) and not any(pads))


@dataclass
class _Chooser:
    program: Program
    weights: dict[str, np.ndarray] = field(init=False)
    types: dict[str, ValueType] = field(init=False)
    setup: list[Statement] = field(init=False)
    computed: dict[str, Statement] = field(init=False)
    """What the setup computes, by name."""
    given: set[str] = field(init=False)
    """The weights that a caller may give, and what conversions make of them."""
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    """The names of packed weights, by that of the weight and how it is packed."""
    before: list[Statement] = field(default_factory=list)
    """What packs the weights of the next statement in each call."""

    def __post_init__(self) -> None:
        self.weights = dict(self.program.weights)
        self.types = dict(self.program.types)
        self.setup = list(self.program.setup)
        self.computed = {n: s for s in self.setup for n in s.outputs}
        self.given = set(self.program.defaults)
        for statement in self.program.statements:
            call = statement.operation
            converts = isinstance(call, Call) and call.function == ".astype"
            if converts and self.given.intersection(references(call)):
                self.given.update(statement.outputs)

    def all(self, statements: tuple[Statement, ...]) -> Iterator[Statement]:
        for statement in statements:
            call = statement.operation
            if isinstance(call, Call) and call.function is conv:
                call = self.chosen(call, statement)
            elif isinstance(call, Call) and call.function is transposed.conv_transpose:
                call = self.chosen_transposed(call, statement)
            yield from self.before
            self.before.clear()
            yield replace(statement, operation=call)

    def chosen(self, call: Call, statement: Statement) -> Call:
        weight = call.args[1]
        shape = self.shape_of(weight)
        if not isinstance(weight, Ref) or shape is None or len(shape) < 3:
            return call
        found = _Convolution.of(call, shape)
        if found.group < 1 or found.results % found.group:
            return call
        if not found.channels or not found.results:
            return call
        kwargs = dict(call.kwargs)
        kernel: Callable[..., Any] = conv_packed.conv_packed
        pack: Callable[..., Any] = conv_packed.packed_weight
        tile = found.tile(self.types.get(statement.outputs[0]))
        if found.is_pointwise:
            kernel, pack = conv_packed.conv_pointwise, conv_packed.pointwise_weight
            kwargs = {"strides": kwargs["strides"]} if "strides" in kwargs else {}
        elif found.is_depthwise:
            kernel, pack = (
                conv_depthwise.conv_depthwise,
                conv_depthwise.depthwise_weight,
            )
            kwargs.pop("group")
        name = self.packed(weight.name, pack, statement)
        fixed = weight.name not in self.given and not self.is_of_integers(weight.name)
        if tile and fixed and not found.is_pointwise and self.is_single(weight.name):
            kernel = conv_winograd.conv_winograd
            name = self.tiles(name, tile, statement)
        args = (call.args[0], Ref(name), *call.args[2:])
        return Call(kernel, args, kwargs, call.results)

    def chosen_transposed(self, call: Call, statement: Statement) -> Call:
        weight = call.args[1]
        shape = self.shape_of(weight)
        if not isinstance(weight, Ref) or shape is None or call.kwargs.get("group"):
            return call
        if len(shape) < 3 or 0 in shape:
            return call
        name = self.packed(weight.name, transposed.transposed_weight, statement)
        args = (call.args[0], Ref(name), *call.args[2:])
        return replace(call, function=transposed.conv_transpose_packed, args=args)

    def shape_of(self, weight: Argument) -> tuple[int, ...] | None:
        """Return the shape of a weight that does not depend on what is computed in a call."""
        if not isinstance(weight, Ref):
            return None
        if weight.name in self.weights:
            return self.weights[weight.name].shape
        kind = self.types.get(weight.name)
        if weight.name not in self.computed and weight.name not in self.given:
            return None
        shape = kind.shape or () if isinstance(kind, TensorType) else ()
        known = tuple(dim for dim in shape if isinstance(dim, int))
        return known if shape and len(known) == len(shape) else None

    def packed_type(self, weight: str, pack: Callable[..., Any]) -> TensorType:
        """Return the type of what ``pack`` makes of a weight that is no constant."""
        kind = self.types[weight]
        assert isinstance(kind, TensorType)
        whole = np.broadcast_to(np.float32(0), self.shape_of(Ref(weight)) or ())
        half = DTYPES[kind.dtype].itemsize == 2
        return TensorType("float32" if half else kind.dtype, pack(whole).shape)

    def is_of_integers(self, weight: str) -> bool:
        """Whether sums must be exact: rule Q1 made floats of these weights."""
        maker = self.computed.get(weight)
        call = maker.operation if maker else None
        return isinstance(call, Call) and call.function is subtract_zero_point

    def is_single(self, weight: str) -> bool:
        kind = self.types.get(weight)
        return isinstance(kind, TensorType) and kind.dtype == "float32"

    def packed(
        self, weight: str, pack: Callable[..., Any], statement: Statement
    ) -> str:
        """Return the name of a weight that ``pack`` lays out."""
        key = (weight, pack.__name__)
        if weight in self.given:
            name, kind = self.new(weight), self.packed_type(weight, pack)
            call = Call(pack, (Ref(weight),))
            packing = Statement(call, (name,), statement.nodes, scopes=statement.scopes)
            self.before.append(packing)
            self.types[name] = kind
            return name
        if key in self.made:
            return self.made[key]
        if weight in self.weights and self.weights[weight].dtype.itemsize > 2:
            array = pack(self.weights[weight])
            array = put_aside(array) if array.nbytes >= LARGE_BYTES else array
            name = self.new(weight)
            self.weights[name], self.types[name] = array, tensor_type_of(array)
        else:
            kind = self.packed_type(weight, pack)
            call = self.of_bytes(weight, pack) or Call(pack, (Ref(weight),))
            name = self.compute(call, self.new(weight), kind, statement)
        self.made[key] = name
        return name

    def of_bytes(self, weight: str, pack: Callable[..., Any]) -> Call | None:
        """Return the call that makes a packed weight of bytes that the compiler packs."""
        maker = self.computed.get(weight)
        call = maker.operation if maker else None
        if not isinstance(call, Call) or not self.is_single(weight):
            return None
        whole = call.function is dequantize_linear
        if not whole and call.function is not dequantize_linear_per_axis:
            return None
        numbers, *parameters = call.args
        if not isinstance(numbers, Ref) or not kernel_traits(pack).last_axis:
            return None
        stored = self.weights.get(numbers.name)
        if stored is None or stored.dtype not in (np.int8, np.uint8):
            return None
        if whole and not any(isinstance(p, Ref) for p in parameters):
            return replace(
                call, args=(self.packed_bytes(numbers.name, pack), *parameters)
            )
        if dict(call.kwargs) != {"axis": 0} or not all(map(self.is_row, parameters)):
            return None
        packed = self.packed_bytes(numbers.name, pack)
        last = self.weights[packed.name].ndim - 1
        return replace(call, args=(packed, *parameters), kwargs={"axis": last})

    def is_row(self, parameter: Argument) -> bool:
        """Whether a scale or zero point has one axis, or is left out."""
        kind = self.types.get(parameter.name) if isinstance(parameter, Ref) else None
        return parameter is None or isinstance(kind, TensorType) and kind.rank == 1

    def packed_bytes(self, numbers: str, pack: Callable[..., Any]) -> Ref:
        key = (numbers, pack.__name__)
        if key not in self.made:
            name = self.made[key] = self.new(numbers)
            self.weights[name] = pack(self.weights[numbers])
            self.types[name] = tensor_type_of(self.weights[name])
        return Ref(self.made[key])

    def tiles(self, weight: str, tile: int, statement: Statement) -> str:
        """Return the name of packed weights that Winograd's algorithm transformed."""
        key = (weight, f"tile {tile}")
        if key not in self.made:
            call = Call(conv_winograd.winograd_weight, (Ref(weight),), {"tile": tile})
            kind = self.types[weight]
            assert isinstance(kind, TensorType) and kind.shape
            kind = TensorType(kind.dtype, ((tile + 2) ** 2, *kind.shape[2:]))
            name = self.new(f"{onnx_name(weight)}_tiles")
            self.made[key] = self.compute(call, name, kind, statement)
        return self.made[key]

    def compute(
        self, call: Call, name: str, kind: TensorType, statement: Statement
    ) -> str:
        """Let a weight be computed when the others are loaded."""
        self.setup.append(Statement(call, (name,), statement.nodes))
        self.computed[name] = self.setup[-1]
        self.types[name] = kind
        return name

    def new(self, name: str) -> str:
        """Return a name that nothing has, for what ONNX knows as ``name``."""
        return new_name(name, self.types, self.weights)
