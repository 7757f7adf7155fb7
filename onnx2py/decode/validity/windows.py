"""Do the windows of convolutions and pooling fit into the images?

W1  Pooling: onnxruntime allows an empty result, no negative one.
W2  Convolutions: at least one window fits.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from .lengths import spelled
from .view import View


def pooling(node: View) -> str | None:
    """W1."""
    kernel = node.ints("kernel_shape")
    if any(k < 1 for k in kernel):
        return f"attribute kernel_shape: expected positive numbers, got {list(kernel)}"
    rounded = ceil if node.int("ceil_mode", 0) else int
    return _windows(node, kernel, lambda room, stride: rounded(room / stride) >= -1)


def convolution(node: View) -> str | None:
    """W2."""
    weight = node.input(1)
    if weight is None or len(weight) < 3:
        return None
    kernel = tuple(k if isinstance(k, int) else 1 for k in weight[2:])
    return _windows(node, kernel, lambda room, stride: room >= 0)


def _windows(
    node: View, kernel: tuple[int, ...], fits: Callable[[int, int], bool]
) -> str | None:
    """``fits`` tells it from the elements left beside a window, and the stride."""
    x, rank = node.input(0), len(kernel)
    rule = node.node.attributes.get("auto_pad", "NOTSET")
    if x is None or len(x) != rank + 2 or rule not in ("NOTSET", "VALID"):
        return None
    none = (0,) * (2 * rank)
    pads = (node.ints("pads") or none) if rule == "NOTSET" else none
    strides = node.ints("strides") or (1,) * rank
    dilations = node.ints("dilations") or (1,) * rank
    if len(pads) != 2 * rank or len(strides) != rank or len(dilations) != rank:
        return None
    for size, k, stride, dilation, begin, end in zip(
        x[2:], kernel, strides, dilations, pads, pads[rank:]
    ):
        if not isinstance(size, int) or stride < 1:
            continue
        window = dilation * (k - 1) + 1
        if not fits(size + begin + end - window, stride):
            spread = f", dilations {list(dilations)}" if set(dilations) != {1} else ""
            padded = f" and pads {list(pads)}" if any(pads) else ""
            return (
                f"input {node.name(0)}: expected an image that holds a window of "
                f"kernel_shape {list(kernel)}{spread}, got {spelled(x)}{padded}"
            )
    return None
