"""Exchange of values between two interpreters, as .npy files with a JSON index.

The worker loads this file in an interpreter that has only NumPy, so it imports nothing else.
Nothing is pickled.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np

MAPPED_BYTES = 1 << 16
"""Smaller arrays are read."""

_CARRIERS = {1: np.uint8, 2: np.uint16}


class Store:
    """Values in a folder: ``encode`` writes one and describes it for JSON, ``decode`` reads it."""

    def __init__(self, folder: Path, *, mapped: bool = False) -> None:
        self.folder = folder
        self.mapped = mapped
        """Whether to map large arrays, not to read them: they outlast the folder."""
        self.count = 0

    def encode(self, value: Any) -> Any:
        """Write the arrays of a value; return the rest in JSON types."""
        if isinstance(value, np.ndarray):
            return self._encode_array(value)
        if isinstance(value, (list, tuple)):
            return {"kind": "list", "items": [self.encode(item) for item in value]}
        if isinstance(value, dict):
            keys = [self.encode(key) for key in value]
            items = [self.encode(item) for item in value.values()]
            return {"kind": "map", "keys": keys, "items": items}
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or isinstance(value, (bool, int, float, str)):
            return {"kind": "python", "value": value}
        return {"kind": "other", "type": type(value).__name__}

    def decode(self, found: Any) -> Any:
        """Return the value that ``encode`` described."""
        kind = found["kind"]
        if kind == "list":
            return [self.decode(item) for item in found["items"]]
        if kind == "map":
            keys = [self.decode(key) for key in found["keys"]]
            return dict(zip(keys, [self.decode(item) for item in found["items"]]))
        if kind == "python":
            return found["value"]
        if kind == "strings":
            strings = np.empty(len(found["items"]), object)
            strings[:] = found["items"]
            return strings.reshape(found["shape"])
        if kind == "array":
            path = self.folder / found["file"]
            large = self.mapped and path.stat().st_size > MAPPED_BYTES
            mode: Any = "r" if large else None
            array = np.load(path, mode, allow_pickle=False)
            if found["extension"]:
                types = importlib.import_module("ml_dtypes")
                array = array.view(getattr(types, found["extension"]))
            return array
        return Unknown(found["type"])

    def _encode_array(self, array: np.ndarray[Any, Any]) -> Any:
        if array.dtype.kind in "OU":
            items = array.ravel().tolist()
            # JSON preserves NULs and unpaired surrogates; an array of strings would not.
            if all(isinstance(item, str) for item in items):
                return {"kind": "strings", "shape": array.shape, "items": items}
            return {"kind": "other", "type": "array of objects"}
        extension = ""
        if array.dtype.type.__module__.partition(".")[0] == "ml_dtypes":
            extension = array.dtype.name
            carrier = _CARRIERS[array.dtype.itemsize]
            array = np.ascontiguousarray(array).reshape(array.shape).view(carrier)
        name = f"{self.count}.npy"
        self.count += 1
        np.save(self.folder / name, array, allow_pickle=False)
        return {"kind": "array", "file": name, "extension": extension}


class Unknown:
    """Placeholder for a value that no ONNX type describes."""

    def __init__(self, name: str) -> None:
        self.name = name


def write_json(path: Path, value: Any) -> None:
    """Write JSON as ASCII, which preserves any string."""
    path.write_text(json.dumps(value), encoding="ascii")


def read_json(path: Path) -> Any:
    """Read what ``write_json`` wrote."""
    return json.loads(path.read_text(encoding="ascii"))
