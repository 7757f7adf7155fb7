"""ImageDecoder."""

from __future__ import annotations

from ..ir.program import Call
from .context import NodeContext
from .registry import lowers


@lowers("ImageDecoder", since=20)
def image_decoder(node: NodeContext) -> Call:
    """20: the only version. The package needs Pillow."""
    try:
        from ..kernels.image import image_decoder
    except ImportError as error:
        raise node.unsupported("Pillow is not installed", "install pillow") from error
    formats = ("RGB", "BGR", "Grayscale")
    return node.call(
        image_decoder,
        node.input(0),
        pixel_format=node.choice("pixel_format", "RGB", formats),
    )
