"""Decoding of images: what Pillow itself has written, without loss."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from onnx2py.kernels.image import image_decoder

PIXELS = np.arange(18, dtype=np.uint8).reshape(2, 3, 3) * 10


def encoded(form):
    stream = BytesIO()
    Image.fromarray(PIXELS).save(stream, form)
    return np.frombuffer(stream.getvalue(), np.uint8)


@pytest.mark.parametrize("form", ["PNG", "BMP", "PPM", "TIFF"])
def test_pixels_come_back(form):
    np.testing.assert_array_equal(image_decoder(encoded(form)), PIXELS)


def test_pixel_formats():
    stream = encoded("PNG")
    swapped = image_decoder(stream, pixel_format="BGR")
    np.testing.assert_array_equal(swapped, PIXELS[:, :, ::-1])
    assert image_decoder(stream, pixel_format="Grayscale").shape == (2, 3, 1)


def test_what_is_no_image_is_empty():
    assert image_decoder(np.arange(9, dtype=np.uint8)).shape == (0, 0, 3)
