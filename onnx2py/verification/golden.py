"""The golden record: inputs and outputs in the package, for the self-test of ``python -m``.

``record.json`` has the tolerance of each output, and how to regenerate inputs that are
too large to be stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..emit.arrays import stored_array
from ..emit.frame import GOLDEN
from ..ir.types import EXTENSION_DTYPES
from .comparison import tolerance
from .inputs import Case, Signature

MAX_BYTES = 256_000
"""Larger inputs are regenerated from a seed; of larger outputs, only a sample is recorded."""

SAMPLED = 1000
"""Number of elements recorded of a large output."""


def record(
    folder: Path,
    signature: Signature,
    case: Case,
    expected: Mapping[str, Any],
    rtol: Mapping[str, float],
    oracle: str,
) -> str:
    """Write ``tools/golden/`` into a package; return the reason if inputs cannot be recorded.

    Outputs that are not among the expected ones are not recorded.
    """
    inputs = {name: _recordable(value) for name, value in case.feeds.items()}
    stored = {name: array for name, array in inputs.items() if array is not None}
    if len(stored) < len(inputs):
        return "golden inputs and outputs are not recorded: an input is not a tensor"
    small = sum(array.nbytes for array in stored.values()) <= MAX_BYTES
    if not small and not case.drawn:
        return "golden inputs and outputs are not recorded: the inputs are too large"
    golden = folder / GOLDEN
    golden.mkdir()
    outputs = {name: _recordable(expected.get(name)) for name in signature.outputs}
    limits = [
        _limit(array, expected.get(name), rtol.get(name, 0.0))
        for name, array in outputs.items()
    ]
    content: dict[str, Any] = {"oracle": oracle, "rtol": limits}
    if small:
        for i, name in enumerate(signature.inputs):
            if name in stored:
                _save(golden / f"input_{i}.npy", stored[name])
    else:
        content["seed"] = case.seed
        content["inputs"] = {
            str(i): [d.dtype, list(d.shape), d.high]
            for i, d in enumerate(map(case.drawn.get, signature.inputs))
            if d is not None
        }
    _save_outputs(golden, list(outputs.values()))
    text = json.dumps(content, indent=1)
    (golden / "record.json").write_text(f"{text}\n", encoding="ascii")
    return ""


def _save_outputs(golden: Path, outputs: list[np.ndarray | None]) -> None:
    left = MAX_BYTES
    for i, array in enumerate(outputs):
        if array is None:
            continue
        if array.nbytes <= left:
            left -= array.nbytes
            _save(golden / f"output_{i}.npy", array)
        else:
            where = np.linspace(0, array.size - 1, SAMPLED).astype(np.int64)
            _save(golden / f"output_{i}_sample.npy", array.ravel()[where])
            shape = np.array(array.shape, np.int64)
            _save(golden / f"output_{i}_shape.npy", shape)


def _save(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as stream:
        np.lib.format.write_array(stream, stored_array(array), allow_pickle=False)


def _limit(array: np.ndarray | None, value: Any, rtol: float) -> float | None:
    if array is None:
        return None
    return tolerance(
        value.dtype if isinstance(value, np.ndarray) else array.dtype, rtol
    )


def _recordable(value: Any) -> np.ndarray | None:
    """Convert a value to an array that plain NumPy can store, None if that is impossible.

    Element types that NumPy lacks are widened; a sequence of maps with the same keys, as
    returned by classifiers, becomes the matrix of their values.
    """
    if isinstance(value, list) and value and all(isinstance(m, dict) for m in value):
        if any(m.keys() != value[0].keys() for m in value):
            return None
        rows = [[m[key] for key in sorted(m)] for m in value]
        table = np.array(rows)
        return table if table.dtype.kind in "fiu" and table.ndim == 2 else None
    if not isinstance(value, np.ndarray):
        return None
    if value.dtype in EXTENSION_DTYPES.values():
        floating = np.dtype(value.dtype).name.startswith(("float", "bfloat"))
        return value.astype(np.float32 if floating else np.int8)
    if value.dtype.kind in "OU":
        kept = stored_array(value).astype(object)
        return value if np.array_equal(kept, value) else None
    return value
