"""Rules about single inputs, for several operators each.

O1  A number is a scalar, or a tensor of one element.
O2  The last axis of a signal holds real, or real and imaginary parts.
O3  Indices have the axes of the data, and nowhere but along ``axis`` more elements.
O4  DepthToSpace, SpaceToDepth: lengths can be divided into blocks.
O5  ``axis`` is one of the input.
O6  Zero points have the shape of the scales; scales of blocks, one for each block.
"""

from __future__ import annotations

from collections.abc import Callable

from ...ir.types import Dim
from .lengths import spelled
from .view import View, elements


def single(*places: int) -> Callable[[View], str | None]:
    """O1."""

    def rule(node: View) -> str | None:
        for place in places:
            shape = node.input(place)
            if shape is not None and elements(shape) not in (None, 1):
                return f"input {node.name(place)}: expected one number, got {spelled(shape)}"
        return None

    return rule


def trailing(*places: int) -> Callable[[View], str | None]:
    """O2, and O1 for some inputs."""
    numbers = single(*places)

    def rule(node: View) -> str | None:
        x = node.input(0)
        if (
            x is not None
            and len(x) > 2
            and isinstance(x[-1], int)
            and x[-1] not in (1, 2)
        ):
            return f"input {node.name(0)}: expected a last axis of 1 or 2, got {spelled(x)}"
        return numbers(node)

    return rule


def indices(node: View) -> str | None:
    """O3."""
    data, places = node.input(0), node.input(1)
    axis = node.int("axis", 0)
    if data is None or places is None or len(data) != len(places):
        return None  # ranks are patterns
    if not -len(data) <= axis < len(data):
        return f"attribute axis: expected an axis of {spelled(data)}, got {axis}"
    for number, (most, length) in enumerate(zip(data, places)):
        if number == axis % len(data) or not isinstance(most, int):
            continue
        if isinstance(length, int) and length > most:
            return (
                f"input {node.name(1)}: expected at most {most} along axis {number}, "
                f"as in {spelled(data)}, got {spelled(places)}"
            )
    return None


def parts(node: View) -> str | None:
    """O4."""
    x, size = node.input(0), node.int("blocksize", 1)
    if x is None or len(x) != 4 or size < 1:
        return None
    deep = node.node.operator == "DepthToSpace"
    divided, unit = (x[1:2], size * size) if deep else (x[2:], size)
    if any(isinstance(dim, int) and dim % unit for dim in divided):
        what = "channels" if deep else "rows and columns"
        return f"input: expected a multiple of {unit} {what}, got {spelled(x)}"
    return None


def not_beyond(node: View) -> str | None:
    """O5."""
    x, axis = node.input(0), node.int("axis", -1)
    if x is None or -len(x) <= axis < len(x):
        return None
    return f"attribute axis: expected an axis of {spelled(x)}, got {axis}"


def zero_points(node: View) -> str | None:
    """O6."""
    scales, zeros = elements(node.input(1)), elements(node.input(2))
    if scales is None or zeros is None or scales == zeros:
        return None
    return (
        f"input {node.name(2)}: expected the shape of {node.name(1)}, "
        f"{spelled(node.input(1) or ())}, got {spelled(node.input(2) or ())}"
    )


def block(node: View, x: tuple[Dim, ...], scales: tuple[Dim, ...]) -> str | None:
    """O6."""
    size, axis = node.int("block_size", 0), node.int("axis", 1)
    if size < 1 or not -len(x) <= axis < len(x):
        return None
    expected = list(x)
    length = x[axis]
    expected[axis] = -(-length // size) if isinstance(length, int) else None
    fits = len(scales) == len(x) and all(
        a == b or not isinstance(a, int) or not isinstance(b, int)
        for a, b in zip(expected, scales)
    )
    if fits:
        return None
    return f"input {node.name(1)}: expected {spelled(expected)}, got {spelled(scales)}"
