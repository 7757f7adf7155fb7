"""Recorded inputs and outputs, and random inputs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ..model import INPUTS
from .arrays import File, archived, read_array

GOLDEN = Path(__file__).with_name("golden")
WORDS = ("red", "green apples", "The blue sky", "seven", "42", "")


def read_text(path: File) -> str:
    """Read text from a file, which may be in a zip archive."""
    if os.path.isfile(path):
        with open(path, encoding="utf-8") as file:
            return file.read()
    return archived(path).decode("utf-8")


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


def some_inputs(given: dict[str, Any]) -> dict[str, Any]:
    """Add missing inputs: the recorded ones if none is given, otherwise random ones."""
    record = read_record()
    inputs = recorded_inputs(record) if record is not None and not given else {}
    random = np.random.default_rng(0)
    for spec in INPUTS:
        if spec.python_name not in {**inputs, **given} and not spec.optional:
            shape = tuple(d if isinstance(d, int) else 1 for d in spec.shape or ())
            drawn = draw(random, spec.dtype, shape, 2)
            inputs[spec.python_name] = drawn.astype(numpy_dtype(spec.dtype))
    return {**inputs, **given}


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 file``, ``2 files``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
