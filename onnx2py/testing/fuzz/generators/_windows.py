"""What generators of convolution and pooling share: windows over spatial axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..draw import Draw


def window(
    draw: Draw, kernel: Sequence[int], *, dilated: bool = True, wide: bool = False
) -> dict[str, Any]:
    """Return strides, dilations, and pads or a way to choose them.

    ``wide``: pads may be as long as the window, so that it sees nothing else.
    """
    attributes: dict[str, Any] = {}
    if draw.chance(0.6):
        attributes["strides"] = [draw.integer(1, 3) for _ in kernel]
    if dilated and draw.chance(0.4):
        attributes["dilations"] = [draw.integer(1, 3) for _ in kernel]
    how = draw.one_of(("pads", "pads", "auto_pad", "none"))
    if how == "pads":
        most = [k + 1 if wide and draw.chance(0.1) else k - 1 for k in kernel]
        attributes["pads"] = [draw.integer(0, length) for length in (*most, *most)]
    elif how == "auto_pad":
        modes = ("SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET")
        attributes["auto_pad"] = draw.one_of(modes)
    return attributes


def is_same(attributes: dict[str, Any]) -> bool:
    """Whether the padding is such that the output has a length for each stride."""
    return str(attributes.get("auto_pad", "")).startswith("SAME")


def spatial(
    draw: Draw, kernel: Sequence[int], attributes: dict[str, Any], *, short: float
) -> list[int]:
    """Return lengths of spatial axes; ``short``: the chance that no window may fit in."""
    dilations = attributes.get("dilations", [1] * len(kernel))
    least = [d * (k - 1) + 1 for k, d in zip(kernel, dilations)]
    if is_same(attributes) or draw.chance(short):
        least = [1] * len(kernel)
    longest = (9, 9, 7, 4)[len(kernel) - 1]
    return [draw.integer(low, max(low, longest)) for low in least]


def sprinkle(draw: Draw, x: np.ndarray[Any, Any]) -> None:
    """Make some floats infinite, or NaN; both signs would make sums depend on their order."""
    if x.dtype.kind == "f":
        x[draw.rng.random(x.shape) < 0.05] = draw.one_of((np.inf, -np.inf, np.nan))


def lengths(
    sizes: Sequence[int], kernel: Sequence[int], attributes: dict[str, Any]
) -> list[int]:
    """Return how many windows fit along each axis, by the formula."""
    rank = len(kernel)
    ones, pads = [1] * rank, attributes.get("pads", [0] * 2 * rank)
    strides = attributes.get("strides", ones)
    dilations = attributes.get("dilations", ones)
    return [
        (sizes[i] + pads[i] + pads[i + rank] - dilations[i] * (kernel[i] - 1) - 1)
        // strides[i]
        + 1
        for i in range(rank)
    ]
