"""Images in files, decoded by Pillow."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError


def image_decoder(
    encoded_stream: NDArray[Any], *, pixel_format: str = "RGB"
) -> NDArray[Any]:
    """Return the pixels of an image file; an empty image if it cannot be decoded.

    Parameters
    ----------
    encoded_stream : uint8[B]
        The bytes of a BMP, JPEG, JPEG 2000, PNG, PNM, TIFF or WebP file.
    pixel_format : "RGB", "BGR" or "Grayscale"

    Returns
    -------
    image : uint8[H, W, C]
        C is 1 for "Grayscale", else 3.

    ONNX: https://onnx.ai/onnx/operators/onnx__ImageDecoder.html
    """
    mode = "L" if pixel_format == "Grayscale" else "RGB"
    try:
        image = Image.open(BytesIO(encoded_stream.tobytes())).convert(mode)
    except (UnidentifiedImageError, OSError):
        return np.zeros((0, 0, 1 if mode == "L" else 3), np.uint8)
    pixels = np.array(image, np.uint8)
    if mode == "L":
        return pixels[:, :, None]
    return np.ascontiguousarray(pixels[:, :, ::-1]) if pixel_format == "BGR" else pixels
