"""Rule of ImageDecoder."""

import pytest

from onnx2py import UnsupportedError
from tests.support import lowered


def test_image_decoder():
    assert lowered("ImageDecoder", ["x"], opset=20) == "ops.image_decoder(x)"
    assert (
        lowered("ImageDecoder", ["x"], opset=20, pixel_format="BGR")
        == "ops.image_decoder(x, pixel_format='BGR')"
    )


def test_an_unknown_format_is_reported():
    with pytest.raises(UnsupportedError, match="attribute pixel_format"):
        lowered("ImageDecoder", ["x"], opset=20, pixel_format="CMYK")
