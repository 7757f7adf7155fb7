"""Derivatives of convolutions and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .moving import add_at
from .registry import Step, derives, writes_out
from .tape import Gradients, NoDerivative, Value


@dataclass(frozen=True)
class Window:
    """A window that moves over the last axes."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    begins: tuple[int, ...]
    ends: tuple[int, ...]

    @property
    def steps(self) -> dict[str, tuple[int, ...]]:
        """Strides and dilations, as attributes."""
        return {"strides": self.strides, "dilations": self.dilations}

    @property
    def pads(self) -> tuple[int, ...]:
        """The padding, as an attribute."""
        return (*self.begins, *self.ends)

    @property
    def reach(self) -> tuple[int, ...]:
        """How far the window reaches along each axis."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilations))


def _window(step: Step, kernel: Sequence[int]) -> Window:
    axes = len(kernel)
    strides = tuple(step.attribute("strides") or [1] * axes)
    dilations = tuple(step.attribute("dilations") or [1] * axes)
    pads = tuple(step.attribute("pads") or [0] * 2 * axes)
    mode = step.attribute("auto_pad", "NOTSET")
    window = Window(tuple(kernel), strides, dilations, pads[:axes], pads[axes:])
    if mode in ("NOTSET", ""):
        return window
    totals = [0] * axes
    if mode != "VALID":
        lengths = step.x.lengths()[2:]
        totals = [
            max((-(-n // s) - 1) * s + r - n, 0)
            for n, s, r in zip(lengths, strides, window.reach)
        ]
    halves = tuple(t // 2 for t in totals)
    rests = tuple(t - h for t, h in zip(totals, halves))
    first, last = (rests, halves) if mode == "SAME_LOWER" else (halves, rests)
    return Window(tuple(kernel), strides, dilations, first, last)


def _kernel(step: Step, weight: Value) -> tuple[int, ...]:
    return tuple(step.attribute("kernel_shape") or weight.lengths()[2:])


@derives("Conv")
def conv(step: Step) -> Gradients:
    """A transposed convolution for the input, a convolution over the batch for the weight."""
    x, weight = step.inputs[:2]
    window = _window(step, _kernel(step, weight))
    group, dy = step.attribute("group", 1), step.dy
    dx = _spread(dy, weight, x, window, group) if step.wants(0) else None
    dw = _correlated(dy, x, weight, window, group) if step.wants(1) else None
    return dx, dw, _bias(dy) if step.wants(2) else None


@derives("ConvTranspose")
def conv_transpose(step: Step) -> Gradients:
    """The convolution that it is the transpose of."""
    if step.attribute("output_shape") or step.attribute("auto_pad", "NOTSET") not in (
        *("NOTSET", "VALID", ""),
    ):
        raise NoDerivative(
            "it has none with output_shape or auto_pad", "export it with pads"
        )
    x, weight = step.inputs[:2]
    window = _window(step, _kernel(step, weight))
    extra = step.attribute("output_padding") or [0] * len(window.kernel)
    if any(e >= s for e, s in zip(extra, window.strides)):
        raise NoDerivative("it has none where output_padding is not below the stride")
    group, dy = step.attribute("group", 1), step.dy
    dx = step.tape.op("Conv", dy, weight, group=group, pads=window.pads, **window.steps)
    dw = _correlated(x, dy, weight, window, group) if step.wants(1) else None
    return dx, dw, _bias(dy) if step.wants(2) else None


def _bias(dy: Value) -> Value:
    return dy.sum([0, *range(2, dy.rank)], keepdims=0)


def _spread(dy: Value, weight: Value, x: Value, window: Window, group: int) -> Value:
    """Let each element of ``dy`` go to all places that its window covered."""
    tape = dy.tape
    full = tape.op("ConvTranspose", dy, weight, group=group, **window.steps)
    begins = tape.integers([0, 0, *(-b for b in window.begins)])
    # what no window reached at the end is missing, or what was padded there is too much
    known = [v.type.static_shape for v in (x, full)]
    offsets = tape.integers(window.begins)
    if known[0] is not None and known[1] is not None:
        rest = [n + b - f for n, b, f in zip(known[0][2:], window.begins, known[1][2:])]
        ends = tape.integers(rest)
        if not any(rest) and not any(window.begins):
            return full
    else:
        ends = tape.op("Shape", x, start=2) - tape.op("Shape", full, start=2) + offsets
    pads = tape.concat([begins, tape.integers([0, 0]), ends])
    return tape.op("Pad", full, pads)


def _correlated(
    dy: Value, x: Value, weight: Value, window: Window, group: int
) -> Value:
    """Correlate ``x`` with ``dy``: samples are channels now, and strides are dilations."""
    tape, axes = dy.tape, len(window.kernel)
    spatial = tuple(range(2, axes + 2))
    swapped = (1, 0, *spatial)
    turned = x.transpose(swapped)
    if group > 1:
        per_group = weight.lengths()[1]
        ends = [x.dims(0, 1), x.dims(2)]
        split = tape.concat([tape.integers([group, per_group]), *ends])
        turned = turned.reshape(split).transpose(
            (1, 0, *(i + 1 for i in range(1, axes + 2)))
        )
        turned = turned.reshape(
            tape.concat([tape.integers([per_group, -1]), x.dims(2)])
        )
    found = tape.op(
        "Conv",
        turned,
        dy.transpose(swapped),
        group=group,
        pads=window.pads,
        strides=window.dilations,
        dilations=window.strides,
    )
    lists = ([0] * axes, window.kernel, spatial)
    cut = tape.op("Slice", found, *(tape.integers(numbers) for numbers in lists))
    return cut.transpose(swapped)


@derives("MaxPool")
def max_pool(step: Step) -> Gradients:
    """The gradient goes to the elements that were chosen."""
    attributes = {k: v for k, v in step.node.attributes.items() if k != "storage_order"}
    version = max(step.version, 8)
    _, places = step.tape.all(
        "MaxPool", step.x, outputs=2, version=version, **attributes
    )
    zeros = step.x.filled(0).reshape([-1])
    back = add_at(zeros, places.reshape([-1]), step.dy.reshape([-1]))
    return (back.reshape(step.x.dims()),)


@writes_out("AveragePool")
def average_pool(step: Step) -> Sequence[Value]:
    """Sums over windows, divided by how many elements each has."""
    x, tape = step.x, step.tape
    window = _window(step, step.attribute("kernel_shape"))
    axes = len(window.kernel)
    more = (0,) * axes
    if step.attribute("ceil_mode", 0):
        more = _beyond(x.lengths()[2:], window)
    ends = tuple(e + m for e, m in zip(window.ends, more))
    sums = tape.constant(np.ones((1, 1, *window.kernel), np.float64)).cast(x.dtype)
    spatial = x.dims(2)
    alone = x.reshape(tape.concat([tape.integers([-1, 1]), spatial]))
    pads = (*window.begins, *ends)
    total = tape.op("Conv", alone, sums, pads=pads, **window.steps)
    ones = x.like(1).expand(tape.concat([tape.integers([1, 1]), spatial]))
    if step.attribute("count_include_pad", 0):
        added = tape.integers([0, 0, *window.begins, 0, 0, *window.ends])
        ones, pads = tape.op("Pad", ones, added, x.like(1)), (*(0,) * axes, *more)
    count = tape.op("Conv", ones, sums, pads=pads, **window.steps)
    mean = total / count
    return (mean.reshape(tape.concat([x.dims(0, 2), mean.dims(2)])),)


def _beyond(lengths: Sequence[int], window: Window) -> tuple[int, ...]:
    """Return the elements that windows reach beyond the padding where lengths are rounded up."""
    found = []
    for i, length in enumerate(lengths):
        stride, begin = window.strides[i], window.begins[i]
        room = length + begin + window.ends[i] - window.reach[i]
        count = -(-room // stride) + 1
        if (count - 1) * stride >= length + begin:
            count -= 1  # a window that would start in the padding is left out
        found.append(max((count - 1) * stride - room, 0))
    return tuple(found)


@writes_out("GlobalAveragePool")
def global_average_pool(step: Step) -> Sequence[Value]:
    """The mean over the last axes."""
    return (step.x.mean(range(2, step.x.rank)),)


@writes_out("GlobalMaxPool")
def global_max_pool(step: Step) -> Sequence[Value]:
    """The maximum over the last axes."""
    axes = step.tape.integers(range(2, step.x.rank))
    return (step.tape.op("ReduceMax", step.x, axes, keepdims=1),)
