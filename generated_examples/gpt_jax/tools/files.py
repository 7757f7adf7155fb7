"""Inputs from files: arrays, JSON and images."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from .._checks import TensorSpec, shown, type_of
from ..model import INPUTS
from .records import numpy_dtype

IMAGES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}


def read_inputs(given: Sequence[str], scale: Optional[float]) -> dict[str, Any]:
    """Read the inputs given as ``NAME=FILE``; names are ONNX or Python names.

    Raises
    ------
    ValueError
        If there is no such input, or its file cannot be converted to it.
    """
    inputs = {}
    for text in given:
        name, equals, file = text.partition("=")
        spec = next((s for s in INPUTS if name in (s.name, s.python_name)), None)
        if not equals or spec is None:
            known = ", ".join(shown(s.name) for s in INPUTS)
            raise ValueError(f"--input {text}: expected NAME=FILE, NAME one of {known}")
        inputs[spec.python_name] = read_input(spec, file, scale)
    return inputs


def read_input(spec: TensorSpec, file: str, scale: Optional[float]) -> NDArray[Any]:
    """Read one input: .npy, .npz (``file.npz:key`` if it holds several), .json or an image."""
    dtype = numpy_dtype(spec.dtype)
    path, _, key = file.partition(".npz:")
    if key:
        with np.load(f"{path}.npz", allow_pickle=False) as archive:
            return np.asarray(archive[key]).astype(dtype)
    suffix = Path(file).suffix.lower()
    if suffix == ".npy":
        return np.asarray(np.load(file, allow_pickle=False)).astype(dtype)
    if suffix == ".npz":
        with np.load(file, allow_pickle=False) as archive:
            if len(archive.files) != 1:
                raise ValueError(f"{file}: expected one array, got {archive.files}")
            return np.asarray(archive[archive.files[0]]).astype(dtype)
    if suffix == ".json":
        return np.array(json.loads(Path(file).read_text(encoding="utf-8")), dtype)
    if suffix in IMAGES:
        return read_picture(spec, file, scale)
    raise ValueError(f"{file}: expected .npy, .npz, .json or an image")


def read_picture(spec: TensorSpec, file: str, scale: Optional[float]) -> NDArray[Any]:
    """Read an image with Pillow and convert it to the size and axis order of the input.

    For float inputs, 8-bit pixels are multiplied by ``scale``, 1/255 by default.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ValueError(f"{file}: images need Pillow: pip install pillow") from None
    shape = spec.shape or (None, 3, None, None)
    if len(shape) not in (3, 4):
        raise ValueError(
            f"{shown(spec.name)}: expected an image (rank 3 or 4), got {type_of(spec)}"
        )
    last = shape[-1] in (1, 3) and shape[-3] not in (1, 3)
    channels, size = (shape[-1], shape[-3:-1]) if last else (shape[-3], shape[-2:])
    picture = Image.open(file).convert("L" if channels == 1 else "RGB")
    height, width = (d if isinstance(d, int) else None for d in size)
    if height and width:
        picture = picture.resize((width, height))
    array = np.asarray(picture)
    array = array[..., None] if array.ndim == 2 else array
    array = array if last else np.moveaxis(array, -1, 0)
    dtype = numpy_dtype(spec.dtype)
    if dtype.kind == "f":
        array = array * (1 / 255 if scale is None else scale)
    return np.asarray(array[None] if len(shape) == 4 else array).astype(dtype)
