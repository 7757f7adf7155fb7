"""Constants that are no part of the state of PyTorch's modules: stored, or written down."""

from __future__ import annotations

import numpy as np

from ...emit.arrays import is_inline
from ...emit.weights import Placement
from ..network.safetensors import TensorFile
from .literals import tensor_literal, zeros

FILE = "weights.safetensors"
CONSTANT, STORED = "buffer", "stored"
"""Kinds of lines: buffers, and those that the file has the numbers of."""


def torch_weight(placement: Placement) -> None:
    """Declare a constant as a buffer of the model, which ``state_dict`` does not have."""
    name, array, uses = placement.name, placement.array, placement.uses
    if array.size == 1 or is_inline(array):
        kind, text = CONSTANT, tensor_literal(array, uses)
    else:
        kind, text = STORED, zeros(array.shape, array.dtype, uses)
        file = placement.placed.files.setdefault(FILE, TensorFile())
        file.tensors[name] = np.asarray(array)
    line = f'self.register_buffer("{name}", {text}, persistent=False)'
    told = {"name": name, "comment": placement.comment, "line": line, "kind": kind}
    placement.placed.lines.append({**told, "tensor": f"self.{name}"})
