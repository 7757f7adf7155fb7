"""Products of rows and a constant matrix, and what is added to them: where they are.

Only the calls of the graph itself are looked at, not those of bodies.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..ir.graph import new_name, onnx_name
from ..ir.program import Argument, Call, Program, Ref, Statement, references
from ..ir.types import TensorType, ValueType, tensor_type_of
from ..kernels.matmul import project
from .traverse import count_reads

LARGEST = 1 << 24
"""In bytes: with larger matrices, a product takes so long that all else does not count."""
LONGEST_NAME = 60
SHORT = {"query": "q", "key": "k", "value": "v"}
"""What several projections of one value are called together: ``qkv``."""


@dataclass(frozen=True)
class Projection:
    """A product ``x @ matrix``, and the bias that is added to it if nothing else is."""

    product: Statement
    function: Any
    x: Ref
    matrix: str
    addition: Statement | None
    bias: str | None

    @property
    def result(self) -> str:
        """The name of the product with its bias."""
        return (self.addition or self.product).outputs[0]


@dataclass
class Projections:
    """A program that is being changed, and how its projections are found."""

    program: Program
    weights: dict[str, np.ndarray]
    types: dict[str, ValueType]
    folded: dict[str, tuple[str, ...]]
    uses: Counter[str]
    readers: dict[str, list[Statement]] = field(default_factory=dict)
    makers: dict[str, Statement] = field(default_factory=dict)
    changed: dict[int, tuple[Statement, ...]] = field(default_factory=dict)
    """What takes the place of a statement, by its id."""

    @classmethod
    def of(cls, program: Program) -> Projections:
        """Look through a program."""
        readers: dict[str, list[Statement]] = defaultdict(list)
        for statement in program.statements:
            for name in set(references(statement.operation)):
                readers[name].append(statement)
        return cls(
            program,
            dict(program.weights),
            dict(program.types),
            dict(program.folded),
            count_reads((*program.setup, *program.statements), program.outputs),
            readers,
            {name: s for s in program.statements for name in s.outputs},
        )

    def done(self) -> Program:
        """Return the program with what has changed."""
        return replace(
            self.program,
            statements=tuple(
                new
                for old in self.program.statements
                for new in self.changed.get(id(old), (old,))
            ),
            weights=self.weights,
            types=self.types,
            folded=self.folded,
        )

    def projection(self, statement: Statement) -> Projection | None:
        """Return the projection of a statement: rows times a matrix that is not read elsewhere."""
        call = statement.operation
        if not isinstance(call, Call) or call.function not in (np.matmul, project):
            return None
        if call.kwargs or len(call.args) != 2:
            return None
        x, matrix = call.args
        array, kind = self.constant(matrix), self.type_of(x)
        if array is None or array.ndim != 2 or kind is None or not kind.shape:
            return None
        if not isinstance(x, Ref) or not isinstance(matrix, Ref):
            return None
        if self.uses[matrix.name] != 1 or x.name in self.program.weights:
            return None
        if kind.dtype != array.dtype.name or array.nbytes > LARGEST:
            return None
        addition, bias = self.biased(statement, array.shape[1])
        return Projection(statement, call.function, x, matrix.name, addition, bias)

    def biased(
        self, product: Statement, length: int
    ) -> tuple[Statement | None, str | None]:
        """Return the statement that adds a constant row to a product, and the row."""
        (name,) = product.outputs
        readers = self.readers.get(name, ())
        if self.uses[name] != 1 or len(readers) != 1:
            return None, None
        call = readers[0].operation
        if not isinstance(call, Call) or call.function is not np.add or call.kwargs:
            return None, None
        for one, other in (call.args, call.args[::-1]):
            row = self.constant(other)
            fits = one == Ref(name) and row is not None and row.shape == (length,)
            if fits and isinstance(other, Ref):
                return readers[0], other.name
        return None, None

    def constant(self, argument: Argument) -> np.ndarray | None:
        """Return a constant of floats that are computed as such."""
        name = argument.name if isinstance(argument, Ref) else ""
        array = self.weights.get(name)
        if array is None or array.dtype not in (np.float32, np.float64):
            return None
        return None if name in self.program.defaults else array

    def type_of(self, argument: Argument) -> TensorType | None:
        """Return the type of a tensor."""
        kind = self.types.get(argument.name) if isinstance(argument, Ref) else None
        return kind if isinstance(kind, TensorType) else None

    def put(self, weight: str, array: np.ndarray, change: str) -> str:
        """Return the name of other numbers for what ONNX calls ``weight``."""
        name = self.new(weight)
        self.weights[name] = array.astype(self.weights[weight].dtype, copy=False)
        self.types[name] = tensor_type_of(self.weights[name])
        before = self.folded.get(weight, (onnx_name(weight),))
        self.folded[name] = (*before, change)
        return name

    def add(self, names: Sequence[str], array: np.ndarray) -> str:
        """Return the name of a constant that several were put together to."""
        name = self.name(names, tensor_type_of(array))
        self.weights[name] = array
        before = (n for each in names for n in self.folded.get(each, ()))
        self.folded[name] = tuple(dict.fromkeys((*map(onnx_name, names), *before)))
        return name

    def name(self, names: Sequence[str], kind: ValueType) -> str:
        """Return a name of what stands for several values."""
        name = self.new(joined_name([onnx_name(name) for name in names]))
        self.types[name] = kind
        return name

    def new(self, name: str, suffix: str = "") -> str:
        """Return a name that nothing has, for what ONNX knows as ``name``, or for another value."""
        return new_name(f"{onnx_name(name)}{suffix}", self.types, self.weights)


def joined_name(names: Sequence[str]) -> str:
    """Name what stands for several values by what their names have in common, and have not.

    >>> joined_name(["/query/Add", "/key/Add", "/value/Add"])
    '/qkv/Add'
    >>> joined_name(["l.q_proj.bias", "l.k_proj.bias"]), joined_name(["gate", "up"])
    ('l.qk_proj.bias', 'gate_up')
    """
    if len(set(names)) == 1:
        return names[0]
    split = [re.split(r"([/._:]+)", name) for name in names]
    shortest = min(map(len, split))
    start = next((i for i in range(shortest) if len({s[i] for s in split}) > 1), 0)
    most = shortest - start
    end = next((i for i in range(most) if len({s[-1 - i] for s in split}) > 1), most)
    parts = ["".join(s[start : len(s) - end]).strip("/._:") for s in split]
    before, after = split[0][:start], split[0][len(split[0]) - end :]
    shorts = [SHORT.get(part, part) for part in parts]
    joint = "" if set(shorts) <= {*SHORT.values()} else "_"
    name = "".join((*before, joint.join(filter(None, shorts)), *after))
    return name if len(name) <= LONGEST_NAME + len("".join(before)) else names[0]
