"""Self-test against inputs and outputs recorded at compile time."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from .._checks import TensorSpec
from ..model import OUTPUTS
from .arrays import Model, archived
from .records import counted, read_record, read_text, recorded, recorded_inputs

MANIFEST = Path(__file__).parent.with_name("onnx2py.json")
SCALE_OF_ZERO = 1e-4


def selftest() -> int:
    """Return 0 if checksums of weights and recorded outputs match, 1 otherwise."""
    unchanged = weights_unchanged()
    record = read_record()
    if record is None:
        print("outputs: not checked (compile with --verify to record them)")
        return 0 if unchanged else 1
    result = Model()(**recorded_inputs(record))
    outputs = [result] if len(OUTPUTS) == 1 else list(result)
    verdicts = [
        agrees(i, spec, actual, record["rtol"][i])
        for i, (spec, actual) in enumerate(zip(OUTPUTS, outputs))
    ]
    return 0 if unchanged and all(verdicts) else 1


def weights_unchanged() -> bool:
    """Compare the SHA-256 of each weight file with the record; print differences."""
    try:
        hashes: dict[str, str] = json.loads(read_text(MANIFEST))["weights"]
    except FileNotFoundError:
        print(f"weights: not checked ({MANIFEST.name} is missing)")
        return True
    changed = 0
    for name, expected in hashes.items():
        try:
            found = digest(MANIFEST.parent / Path(name).name)
        except FileNotFoundError:
            found = "no such file"
        if found != expected:
            print(f"{name}: CHANGED, expected SHA-256 {expected}, got {found}")
            changed += 1
    if hashes and not changed:
        print(f"weights: {counted(len(hashes), 'file')}, checksums match")
    return not changed


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, which may be in a zip archive."""
    sha256 = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                sha256.update(block)
    else:
        sha256.update(archived(path))
    return sha256.hexdigest()


def agrees(index: int, spec: TensorSpec, actual: Any, rtol: Optional[float]) -> bool:
    """Compare one output with the record; print the verdict and return it."""
    name = spec.name if spec.name.isprintable() else ascii(spec.name)
    if rtol is None:
        print(f"{name}: not recorded")
        return True
    if isinstance(actual, list):  # of maps: the values of each are recorded as a row
        actual = [[row[key] for key in sorted(row)] for row in actual]
    value: NDArray[Any] = np.asarray(actual)
    expected, shape = recorded(f"output_{index}"), recorded(f"output_{index}_shape")
    sample = recorded(f"output_{index}_sample")
    recorded_shape = expected.shape if expected is not None else shape
    if recorded_shape is None or value.shape != tuple(recorded_shape):
        print(f"{name}: DIFFERS, expected shape {recorded_shape}, got {value.shape}")
        return False
    if expected is None:
        assert sample is not None
        value = value.ravel()[np.linspace(0, value.size - 1, sample.size).astype(int)]
        expected = sample
    if rtol == 0 and expected.dtype.kind not in "fc":
        same = bool(np.array_equal(value, expected))
        print(f"{name}: {'agrees' if same else 'DIFFERS'}, compared exactly")
        return same
    return close(name, value, expected, rtol)


def close(name: str, actual: NDArray[Any], expected: NDArray[Any], rtol: float) -> bool:
    """Compare numbers with a tolerance of ``rtol`` times the largest; print and return the verdict."""
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    a, e = actual.astype(wide), expected.astype(wide)
    finite = np.isfinite(e)
    error = float(np.max(np.abs(a[finite] - e[finite]), initial=0))
    largest = float(np.max(np.abs(e[finite]), initial=0))
    limit = rtol * (largest or SCALE_OF_ZERO)
    if expected.dtype.kind in "fc":
        limit += 2 * float(np.finfo(expected.dtype).smallest_subnormal)
    odd = np.array_equal(a[~finite], e[~finite], equal_nan=True)
    same = bool(odd and error <= limit)
    verdict = "agrees" if same else "DIFFERS"
    print(f"{name}: {verdict}, largest difference {error:.1e}, allowed {limit:.1e}")
    return same
