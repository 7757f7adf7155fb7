"""Recorded inputs and outputs: does this copy still compute what it did when it was made?"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ._tensors import TensorSpec, archived, read_array, read_text
from .model import INPUTS, OUTPUTS, Model

GOLDEN = Path(__file__).with_name("golden")
MANIFEST = Path(__file__).with_name("onnx2py.json")
SMALLEST_SCALE = 1e-4
WORDS = ("red", "green apples", "The blue sky", "seven", "42", "")


def selftest() -> int:
    """Return 0 if the weights are those that were written, and recorded outputs agree."""
    unchanged = weights_unchanged()
    record = read_record()
    if record is None:
        print("nothing recorded: compile with --verify to record inputs and outputs")
        return 0 if unchanged else 1
    result = Model()(**recorded_inputs(record))
    outputs = [result] if len(OUTPUTS) == 1 else list(result)
    verdicts = [
        agrees(i, spec, actual, record["rtol"][i])
        for i, (spec, actual) in enumerate(zip(OUTPUTS, outputs))
    ]
    return 0 if unchanged and all(verdicts) else 1


def weights_unchanged() -> bool:
    """Compare the SHA-256 of each file of weights with the record; print what differs."""
    try:
        hashes: dict[str, str] = json.loads(read_text(MANIFEST))["weights"]
    except FileNotFoundError:
        print(f"weights: not checked, expected {MANIFEST.name}, got no such file")
        return True
    changed = 0
    for name, expected in hashes.items():
        try:
            found = digest(MANIFEST.with_name("weights") / Path(name).name)
        except FileNotFoundError:
            found = "no such file"
        if found != expected:
            print(f"{name}: CHANGED, expected SHA-256 {expected}, got {found}")
            changed += 1
    if hashes and not changed:
        print(f"weights: {len(hashes)} files, all as they were written")
    return not changed


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, which may lie in a zip archive."""
    found = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                found.update(piece)
    else:
        found.update(archived(path))
    return found.hexdigest()


def read_record() -> Optional[dict[str, Any]]:
    """Return what was recorded, or None if nothing was."""
    try:
        found: dict[str, Any] = json.loads(read_text(GOLDEN / "record.json"))
    except FileNotFoundError:
        return None
    return found


def recorded_inputs(record: dict[str, Any]) -> dict[str, Any]:
    """Return the recorded inputs by their Python names; large ones are drawn again."""
    random = np.random.default_rng(record.get("seed"))
    drawn = record.get("inputs", {})
    found: dict[str, Any] = {}
    for i, spec in enumerate(INPUTS):
        array = recorded(f"input_{i}")
        if str(i) in drawn:
            dtype, shape, high = drawn[str(i)]
            array = draw(random, dtype, tuple(shape), high)
        if array is not None:
            found[spec.python_name] = array.astype(numpy_dtype(spec.dtype))
    return found


def numpy_dtype(name: str) -> Any:
    """Return the dtype of an ONNX element type."""
    return np.dtype(object if name == "string" else name)


def draw(
    random: np.random.Generator, dtype: str, shape: tuple[int, ...], high: int
) -> NDArray[Any]:
    """Return the values that the model was verified with: the seed decides them."""
    uniform = np.asarray(random.random(shape))
    if dtype == "string":
        return np.asarray(np.array(WORDS, object)[(uniform * len(WORDS)).astype(int)])
    if dtype == "bool":
        return np.asarray(uniform < 0.5)
    if "int" in dtype:
        return np.asarray(np.floor(uniform * high).astype(np.int64))
    return np.asarray(uniform * 2 - 1)


def recorded(name: str) -> Optional[NDArray[Any]]:
    """Return a recorded array, or None if there is none of that name."""
    try:
        return read_array(GOLDEN / f"{name}.npy")
    except FileNotFoundError:
        return None


def agrees(index: int, spec: TensorSpec, actual: Any, rtol: Optional[float]) -> bool:
    """Compare one output with the record, print the verdict, return it."""
    name = spec.name if spec.name.isprintable() else ascii(spec.name)
    if rtol is None:
        print(f"{name}: not recorded")
        return True
    if isinstance(actual, list):  # of maps: their values are recorded, a row for each
        actual = [[row[key] for key in sorted(row)] for row in actual]
    value: NDArray[Any] = np.asarray(actual)
    expected, shape = recorded(f"output_{index}"), recorded(f"output_{index}_shape")
    sample = recorded(f"output_{index}_sample")
    wanted = expected.shape if expected is not None else shape
    if wanted is None or value.shape != tuple(wanted):
        print(f"{name}: DIFFERS, expected shape {wanted}, got {value.shape}")
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
    """Compare numbers, allowing ``rtol`` of the largest; print the verdict, return it."""
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    a, e = actual.astype(wide), expected.astype(wide)
    finite = np.isfinite(e)
    error = float(np.max(np.abs(a[finite] - e[finite]), initial=0))
    limit = rtol * float(np.max(np.abs(e[finite]), initial=SMALLEST_SCALE))
    odd = np.array_equal(a[~finite], e[~finite], equal_nan=True)
    same = bool(odd and error <= limit)
    verdict = "agrees" if same else "DIFFERS"
    print(f"{name}: {verdict}, largest difference {error:.1e}, allowed {limit:.1e}")
    return same
