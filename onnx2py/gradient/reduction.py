"""Derivatives of reductions, and of what normalizes along axes."""

from __future__ import annotations

from collections.abc import Sequence

from .registry import Step, derives, writes_out
from .tape import Gradients, NoDerivative, Value


class _Reduced:
    """A reduction: its axes, and its result with the axes in place."""

    def __init__(self, step: Step) -> None:
        self.step, self.tape = step, step.tape
        axes = step.attribute("axes")
        self.axes = self.tape.integers(axes) if axes else step.input(1)
        self.empty = int(step.attribute("noop_with_empty_axes", 0))

    def kept(self, value: Value) -> Value:
        """Return the result, or its gradient, with axes of length 1."""
        if self.step.attribute("keepdims", 1) or self.axes is None:
            return value
        return self.tape.op("Unsqueeze", value, self.axes)

    def reduce(self, operator: str, value: Value) -> Value:
        """Reduce another value along the same axes, which stay with length 1."""
        return self.tape.op(
            operator, value, self.axes, keepdims=1, noop_with_empty_axes=self.empty
        )

    @property
    def dy(self) -> Value:
        return self.kept(self.step.dy)


@derives("ReduceSum")
def reduce_sum(step: Step) -> Gradients:
    """1."""
    return (_Reduced(step).dy.expand(step.x.dims()),)


@derives("ReduceMean")
def reduce_mean(step: Step) -> Gradients:
    """1 / n."""
    x, y = step.x, step.y
    count = x.size(x.dtype) / y.size(x.dtype)
    return ((_Reduced(step).dy / count).expand(x.dims()),)


@derives("ReduceMax", "ReduceMin")
def reduce_extreme(step: Step) -> Gradients:
    """What is taken, takes all; equal elements share it."""
    reduced = _Reduced(step)
    taken = step.x.equals(reduced.kept(step.y)).cast(step.x.dtype)
    return (reduced.dy * taken / reduced.reduce("ReduceSum", taken),)


@derives("ReduceProd")
def reduce_prod(step: Step) -> Gradients:
    """The product of the others: not y / x, since elements may be 0."""
    reduced, x, pick = _Reduced(step), step.x, step.tape.where
    zero = x.equals(0)
    zeros = reduced.reduce("ReduceSum", zero.cast(x.dtype))
    others = pick(zero, 1, x)
    product = reduced.reduce("ReduceProd", others)
    at_zero = pick(zeros.equals(1), product, 0)
    elsewhere = pick(zeros.equals(0), product / others, 0)
    return (reduced.dy * pick(zero, at_zero, elsewhere),)


@derives("ReduceL1")
def reduce_l1(step: Step) -> Gradients:
    """The sign."""
    return (_Reduced(step).dy * step.x.map("Sign"),)


@derives("ReduceL2")
def reduce_l2(step: Step) -> Gradients:
    """x / y, and 0 where all elements are 0."""
    reduced = _Reduced(step)
    norm = reduced.kept(step.y)
    safe = step.tape.where(norm.equals(0), 1, norm)
    return (reduced.dy * step.x / safe,)


@derives("ReduceSumSquare")
def reduce_sum_square(step: Step) -> Gradients:
    """2 x."""
    return (_Reduced(step).dy * 2 * step.x,)


@derives("ReduceLogSum")
def reduce_log_sum(step: Step) -> Gradients:
    """1 / Σx."""
    reduced = _Reduced(step)
    total = reduced.reduce("ReduceSum", step.x)
    return ((reduced.dy / total).expand(step.x.dims()),)


@derives("ReduceLogSumExp")
def reduce_log_sum_exp(step: Step) -> Gradients:
    """e^(x - y): the softmax."""
    reduced = _Reduced(step)
    return (reduced.dy * (step.x - reduced.kept(step.y)).map("Exp"),)


@derives("CumSum")
def cum_sum(step: Step) -> Gradients:
    """The sum from the other end."""
    reverse = 1 - step.attribute("reverse", 0)
    return (step.again(step.dy, step.inputs[1], reverse=reverse),)


def _axes(step: Step) -> Sequence[int]:
    """Return the axes of a softmax: one, or before opset 13 all from one on."""
    if step.version >= 13:
        return [step.attribute("axis", -1)]
    rank = step.x.rank
    return range(step.attribute("axis", 1) % max(rank, 1), rank)


@derives("Softmax")
def softmax(step: Step) -> Gradients:
    """y (dy - Σ dy y)."""
    weighted = step.dy * step.y
    return (weighted - step.y * weighted.sum(_axes(step)),)


@derives("LogSoftmax")
def log_softmax(step: Step) -> Gradients:
    """dy - eʸ Σ dy."""
    return (step.dy - step.y.map("Exp") * step.dy.sum(_axes(step)),)


@writes_out("LpNormalization")
def lp_normalization(step: Step) -> Sequence[Value]:
    """x / ‖x‖, and 0 where the norm is."""
    operator = "ReduceL1" if step.attribute("p", 2) == 1 else "ReduceL2"
    axes = step.tape.integers([step.attribute("axis", -1)])
    norm = step.tape.op(operator, step.x, axes, keepdims=1)
    return (step.x / step.tape.where(norm.equals(0), 1, norm),)


def _per_channel(step: Step, values: Sequence[Value]) -> list[Value]:
    """Return values per channel so that they broadcast against ``x``."""
    shape = (-1, *[1] * (step.x.rank - 2))
    return [value.reshape(shape) for value in values]


@writes_out("BatchNormalization")
def batch_normalization(step: Step) -> Sequence[Value]:
    """(x - mean) / √(variance + ε) scale + shift."""
    x, scale, shift, mean, variance = step.inputs
    training = bool(step.attribute("training_mode", 0))
    if step.version < 14:
        training = any(step.node.outputs[1:])
        if step.version < 7 and not step.attribute("is_test", 0):
            training = True
    if step.attribute("spatial", 1) != 1 or training and step.version < 14:
        raise NoDerivative(
            "it has none in this form of an old opset", "export at opset 14 or newer"
        )
    if training:
        axes = [0, *range(2, x.rank)]
        mean = x.mean(axes)
        variance = ((x - mean) * (x - mean)).mean(axes)
        scale, shift = _per_channel(step, [scale, shift])
    else:
        scale, shift, mean, variance = _per_channel(step, step.inputs[1:])
    return (_normalised(step, x, mean, variance) * scale + shift,)


@writes_out("InstanceNormalization")
def instance_normalization(step: Step) -> Sequence[Value]:
    """Mean and variance of each channel of each sample."""
    x = step.x
    scale, shift = _per_channel(step, step.inputs[1:])
    axes = range(2, x.rank)
    mean = x.mean(axes)
    variance = ((x - mean) * (x - mean)).mean(axes)
    return (_normalised(step, x, mean, variance) * scale + shift,)


@writes_out("MeanVarianceNormalization")
def mean_variance_normalization(step: Step) -> Sequence[Value]:
    """(x - mean) / (√variance + 1e-9), over the axes that there are."""
    x = step.x
    given = step.attribute("axes", (0, 2, 3))
    if step.version < 9:
        given = (0, 1, 2, 3) if step.attribute("across_channels", 0) else (0, 2, 3)
    axes = sorted({axis % x.rank for axis in given if -x.rank <= axis < x.rank})
    centered = x - x.mean(axes)
    if step.version < 9 and not step.attribute("normalize_variance", 1):
        return (centered,)
    deviation = (centered * centered).mean(axes).map("Sqrt")
    return (centered / (deviation + 1e-9),)


def _normalised(step: Step, x: Value, mean: Value, variance: Value) -> Value:
    epsilon = float(step.attribute("epsilon", 1e-5))
    return (x - mean) / (variance + epsilon).map("Sqrt")


@writes_out("LRN")
def lrn(step: Step) -> Sequence[Value]:
    """x / (bias + alpha / size Σ x²)^beta, the sum over neighboring channels."""
    x, size = step.x, int(step.attribute("size"))
    channels = x.type.shape[1] if x.type.shape else None
    if not isinstance(channels, int):
        raise NoDerivative("the number of channels is not known", "give --shape")
    tape, before = step.tape, (size - 1) // 2
    pads = tape.integers([before, size - 1 - before])
    axis = tape.integers([1])
    squares = tape.op("Pad", x * x, pads, None, axis)
    parts = [
        tape.op(
            "Slice", squares, tape.integers([i]), tape.integers([i + channels]), axis
        )
        for i in range(size)
    ]
    total = tape.op("Sum", *parts)
    scale = total * (float(step.attribute("alpha", 1e-4)) / size) + float(
        step.attribute("bias", 1.0)
    )
    return (x / scale ** step.attribute("beta", 0.75),)
