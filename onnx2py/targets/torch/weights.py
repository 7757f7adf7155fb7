"""Constants of PyTorch's packages: parameters, and buffers that are stored or written down."""

from __future__ import annotations

import numpy as np

from ...emit.arrays import is_inline
from ...emit.weights import Placement
from ...ir.types import EXTENSION_DTYPES
from .literals import tensor_literal, zeros
from .safetensors import TensorFile

FILE = "weights.safetensors"

_FLOAT8 = {d for name, d in EXTENSION_DTYPES.items() if name.startswith("float8")}


def torch_weight(placement: Placement) -> None:
    """Declare a constant: floats are parameters, other numbers and single ones are buffers."""
    name, array, uses = placement.name, placement.array, placement.uses
    dtype = array.dtype
    trains = dtype not in _FLOAT8 and (
        dtype.kind in "fc" or dtype == EXTENSION_DTYPES["bfloat16"]
    )
    if array.size <= 1 or (not trains and is_inline(array)):
        text = tensor_literal(array, uses)
        line = f'self.register_buffer("{name}", {text}, persistent=False)'
    else:
        file = placement.placed.files.setdefault(FILE, TensorFile())
        file.tensors[name] = np.asarray(array)
        text = zeros(array.shape, dtype, uses)
        line = f'self.register_buffer("{name}", {text})'
        if trains:
            line = f"self.{name} = nn.Parameter({text})"
    kind = "parameter" if "nn.Parameter" in line else "buffer"
    placement.placed.lines.append(
        {"name": name, "comment": placement.comment, "line": line, "kind": kind}
    )
