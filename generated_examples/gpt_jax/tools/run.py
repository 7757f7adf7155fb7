"""The commands ``info`` and ``run``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from .._checks import shown, type_of
from ..model import INPUTS, OUTPUTS, __doc__ as ABOUT
from .arrays import Model, parameters
from .files import read_inputs
from .records import counted


def info() -> None:
    """Print the origin, inputs, outputs and weights of the model."""
    print("\n\n".join((ABOUT or "").strip().split("\n\n")[:2]))  # title and origin
    for title, specs in (("input", INPUTS), ("output", OUTPUTS)):
        for spec in specs:
            mark = " (optional)" if spec.optional else ""
            print(f"{title} {shown(spec.name)}: {type_of(spec)}{mark}")
    tensors = parameters()
    size = sum(tensor.nbytes for tensor in tensors)
    print(f"weights: {counted(len(tensors), 'tensor')}, {size:,} bytes")


def run(inputs: Sequence[str], out: Path, scale: Optional[float]) -> None:
    """Run the model on inputs from files; write each output to ``<out>/<name>.npy``."""
    given = read_inputs(inputs, scale)
    missing = [s.name for s in INPUTS if not s.optional and s.python_name not in given]
    if missing:
        raise ValueError(
            f"{', '.join(map(shown, missing))}: expected --input, got none"
        )
    result = Model()(**given)
    values = [result] if len(OUTPUTS) == 1 else list(result)
    names = ["output"] if len(OUTPUTS) == 1 else list(result._fields)
    out.mkdir(parents=True, exist_ok=True)
    for spec, name, value in zip(OUTPUTS, names, values):
        print(f"{shown(spec.name)}: {write_output(out / name, value)}")


def write_output(path: Path, value: Any) -> str:
    """Write a value, arrays as .npy and anything else as .json; return a description."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        file = path.with_suffix(".npy")
        np.save(file, value, allow_pickle=False)
        return f"{value.dtype}{list(value.shape)} in {file}"
    file = path.with_suffix(".json")
    file.write_text(json.dumps(plain(value), indent=1), encoding="utf-8")
    return f"{type(value).__name__} in {file}"


def plain(value: Any) -> Any:
    """Convert a value to types that JSON supports."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        kind = value.dtype.kind
        return (value if kind in "biufOU" else value.astype(np.float64)).tolist()
    return value.item() if isinstance(value, np.generic) else value
