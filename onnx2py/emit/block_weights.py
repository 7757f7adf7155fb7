"""The constants of which each instance of a block has a file of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ..ir.graph import onnx_name
from ..ir.types import TensorType, tensor_type_of
from ..plan.outline.windows import ABSENT
from .arrays import stored_array
from .block_labels import modules_of, without_scope
from .block_parts import Filed, Parts
from .remarks import weight_remark
from .spelling import Spelling


def weight_lines(parts: Parts, spelling: Spelling) -> Iterator[str]:
    """Yield the lines that load constants, each below what it is called in the file."""
    for name, filed in parts.files.items():
        attribute = spelling.names[name]
        yield from weight_remark(file_names(parts, filed), attribute)
        text = f'load("{attribute}", "{expected(filed)}")'
        if filed.factor is not None:
            text = f"{text}.astype(np.float32)"
            text = text if filed.factor == 1 else f"{filed.factor} * {text}"
        yield f"self.{attribute} = {text}"


def file_names(parts: Parts, filed: Filed) -> list[str]:
    """Return the names of the constants of all instances in the file, below their scopes."""
    modules = modules_of(parts.block)
    numbers = [a.instance for a in parts.block.applications]
    scopes = [modules[numbers.index(n)] for n, _ in enumerate(parts.block.instances)]
    present = [(onnx_name(n), s) for n, s in zip(filed.names, scopes) if n != ABSENT]
    return [without_scope(name, scope) for name, scope in present]


def stored(
    files: Mapping[str, Filed], block: str, paths: Mapping[tuple[str, int], str]
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the files of all instances of a block, by the last part of their names."""
    for name, filed in files.items():
        for number, array in enumerate(filed.arrays):
            if array is not None:
                yield f"weights/{paths[block, number]}.{name}.npy", stored_array(array)


def type_of(filed: Filed) -> TensorType:
    """Return the type of a constant in all instances: None for lengths that differ."""
    kinds = [tensor_type_of(array) for array in filed.arrays if array is not None]
    dtype = kinds[0].dtype if filed.factor is None else "float32"
    shapes = [kind.shape or () for kind in kinds]
    if len({len(shape) for shape in shapes}) > 1:
        return TensorType(dtype, None)
    columns = zip(*shapes)
    return TensorType(dtype, tuple(c[0] if len(set(c)) == 1 else None for c in columns))


def expected(filed: Filed) -> str:
    """Return the type that files are checked against: ``*`` for lengths that differ."""
    stored = next(array for array in filed.arrays if array is not None)
    dtype, shape = tensor_type_of(stored).dtype, type_of(filed).shape
    if shape is None:
        return f"{dtype}[...]"
    return f"{dtype}[{', '.join('*' if d is None else str(d) for d in shape)}]"
