"""The constants of which each instance of a block has a file of its own."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

import numpy as np

from ..ir.graph import onnx_name
from ..ir.program import Program
from ..ir.types import TensorType, tensor_type_of
from .arrays import stored_array
from .block_labels import modules_of, without_scope
from .block_parts import Filed, Parts
from .patterns import pattern
from .spelling import Spelling
from .text import WIDTH, comment
from .usage import readers_of


def weight_lines(parts: Parts, local: Program, spelling: Spelling) -> Iterator[str]:
    """Yield the lines that load constants, each below what it is called in the file."""
    readers = readers_of(local.walk())
    modules = modules_of(parts.block)
    numbers = [a.instance for a in parts.block.applications]
    scopes = [modules[numbers.index(n)] for n, _ in enumerate(parts.block.instances)]
    for name, filed in parts.files.items():
        below = map(without_scope, map(onnx_name, filed.names), scopes)
        yield from _comment(pattern([*below]), readers.get(name, ""))
        attribute = spelling.names[name]
        text = f'load(f"{{name}}.{attribute}", "{_expected(filed)}")'
        if filed.factor is not None:
            text = f"{text}.astype(np.float32)"
            text = text if filed.factor == 1 else f"{filed.factor} * {text}"
        yield f"self.{attribute} = {text}"


def stored(
    parts: Parts, spelling: Spelling, paths: Mapping[tuple[str, int], str]
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the files of all instances."""
    for name, filed in parts.files.items():
        for number, array in enumerate(filed.arrays):
            path = f"{paths[parts.block.name, number]}.{spelling.names[name]}"
            yield f"weights/{path}.npy", stored_array(array)


def type_of(filed: Filed) -> TensorType:
    """Return the type of a constant in all instances: None for lengths that differ."""
    kinds = [tensor_type_of(array) for array in filed.arrays]
    dtype = kinds[0].dtype if filed.factor is None else "float32"
    shapes = [kind.shape or () for kind in kinds]
    if len({len(shape) for shape in shapes}) > 1:
        return TensorType(dtype, None)
    columns = zip(*shapes)
    return TensorType(dtype, tuple(c[0] if len(set(c)) == 1 else None for c in columns))


def _expected(filed: Filed) -> str:
    """Return the type that files are checked against: ``*`` for lengths that differ."""
    dtype, shape = tensor_type_of(filed.arrays[0]).dtype, type_of(filed).shape
    if shape is None:
        return f"{dtype}[...]"
    return f"{dtype}[{', '.join('*' if d is None else str(d) for d in shape)}]"


def _comment(names: str, reader: str) -> list[str]:
    text = f"{comment(names)}: {reader}" if reader else comment(names)
    return textwrap.wrap(
        text, WIDTH - 8, initial_indent="# ", subsequent_indent="#   ",
        break_on_hyphens=False,
    )  # fmt: skip
