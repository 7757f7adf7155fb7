"""Self-test against inputs and outputs recorded at compile time."""

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
SCALE_OF_ZERO = 1e-4
WORDS = ("red", "green apples", "The blue sky", "seven", "42", "")


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
            found = digest(MANIFEST.with_name("weights") / Path(name).name)
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


def read_record() -> Optional[dict[str, Any]]:
    """Return the record of inputs and outputs, None if there is none."""
    try:
        record: dict[str, Any] = json.loads(read_text(GOLDEN / "record.json"))
    except FileNotFoundError:
        return None
    return record


def recorded_inputs(record: dict[str, Any]) -> dict[str, Any]:
    """Return the recorded inputs by Python name; regenerate large ones from the seed."""
    random = np.random.default_rng(record.get("seed"))
    drawn = record.get("inputs", {})
    inputs: dict[str, Any] = {}
    for i, spec in enumerate(INPUTS):
        array = recorded(f"input_{i}")
        if str(i) in drawn:
            dtype, shape, high = drawn[str(i)]
            array = draw(random, dtype, tuple(shape), high)
        if array is not None:
            inputs[spec.python_name] = array.astype(numpy_dtype(spec.dtype))
    return inputs


def numpy_dtype(name: str) -> Any:
    """Return the NumPy dtype of an ONNX element type, or of the tensor in an optional one."""
    name = name.replace("optional(", "").partition("[")[0].rstrip(")")
    return np.dtype(object if name == "string" else name)


def draw(
    random: np.random.Generator, dtype: str, shape: tuple[int, ...], high: int
) -> NDArray[Any]:
    """Draw the input values that the model was verified with; the seed determines them."""
    uniform = np.asarray(random.random(shape))
    if dtype == "string":
        return np.asarray(np.array(WORDS, object)[(uniform * len(WORDS)).astype(int)])
    if dtype == "bool":
        return np.asarray(uniform < 0.5)
    if "int" in dtype:
        return np.asarray(np.floor(uniform * high).astype(np.int64))
    return np.asarray(uniform * 2 - 1)


def recorded(name: str) -> Optional[NDArray[Any]]:
    """Return a recorded array, None if there is none of that name."""
    try:
        return read_array(GOLDEN / f"{name}.npy")
    except FileNotFoundError:
        return None


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


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 file``, ``2 files``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
