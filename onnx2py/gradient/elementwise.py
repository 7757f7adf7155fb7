"""Derivatives, element by element."""

from __future__ import annotations

from math import pi, sqrt

from .registry import Step, derives
from .tape import FLOATS, Gradients, NoDerivative, Value


@derives("Add", "Sum", broadcasts=True)
def add(step: Step) -> Gradients:
    """The same for all terms."""
    return [step.dy] * len(step.node.inputs)


@derives("Sub", broadcasts=True)
def sub(step: Step) -> Gradients:
    """1 and -1."""
    return step.dy, -step.dy


@derives("Mul", broadcasts=True)
def mul(step: Step) -> Gradients:
    """Each factor has the other as derivative."""
    a, b = step.inputs
    return step.dy * b, step.dy * a


@derives("Div", broadcasts=True)
def div(step: Step) -> Gradients:
    """1 / b, and -a / b²."""
    b = step.inputs[1]
    return step.dy / b, -step.dy * step.y / b


@derives("Mean", broadcasts=True)
def mean(step: Step) -> Gradients:
    """The same for all terms."""
    count = len(step.node.inputs)
    return [step.dy / count] * count


@derives("Pow", broadcasts=True)
def power(step: Step) -> Gradients:
    """e xᵉ⁻¹, and xᵉ log x, which is 0 where x is not positive."""
    base, exponent = step.inputs
    e = exponent.cast(base.dtype)
    dx = step.tape.where(e.equals(0), 0, step.dy * e * base ** (e - 1))
    if exponent.dtype not in FLOATS:
        return dx, None
    positive = base > 0
    log = step.tape.where(positive, base, 1).map("Log")
    de = step.tape.where(positive, step.dy * step.y * log, 0)
    return dx, de.cast(exponent.dtype)


@derives("Max", "Min", broadcasts=True)
def extreme(step: Step) -> Gradients:
    """What is taken, takes all; equal terms share it."""
    taken = [x.equals(step.y) for x in step.inputs]
    count = step.tape.op("Sum", *[t.cast(step.y.dtype) for t in taken])
    share = step.dy / count
    return [step.tape.where(t, share, 0) for t in taken]


@derives("Where", broadcasts=True)
def where(step: Step) -> Gradients:
    """To the side that was taken."""
    condition = step.x
    pick = step.tape.where
    return None, pick(condition, step.dy, 0), pick(condition, 0, step.dy)


@derives("Clip", broadcasts=True)
def clip(step: Step) -> Gradients:
    """1 inside of the limits; what is outside moves with the limit."""
    x, dy, pick = step.x, step.dy, step.tape.where
    limits: list[Value | None] = [step.input(1), step.input(2)]
    if step.version < 11:
        numbers = (step.attribute("min"), step.attribute("max"))
        limits = [None if n is None else x.like(n) for n in numbers]
    low, high = limits
    dx, to_low, to_high = dy, None, None
    if low is not None:
        below = x < low
        dx, to_low = pick(below, 0, dx), pick(below, dy, 0)
    if high is not None:
        above = x > high
        dx, to_high = pick(above, 0, dx), pick(above, dy, 0)
    return dx, to_low, to_high


@derives("Cast", "CastLike")
def cast(step: Step) -> Gradients:
    """The gradient in the input's own type."""
    return (step.dy.cast(step.x.dtype),)


@derives("Identity")
def identity(step: Step) -> Gradients:
    """1."""
    return (step.dy,)


@derives("Dropout")
def dropout(step: Step) -> Gradients:
    """1 at inference; in training, what the mask lets pass."""
    training = step.version < 7 and not step.attribute("is_test", 0)
    if step.version >= 12 and step.input(2) is not None:
        mode = step.inputs[2].constant
        training = mode is None or bool(mode)
    if not training:
        return (step.dy,)
    if step.version < 12 or len(step.node.outputs) < 2 or not step.node.outputs[1]:
        raise NoDerivative("training needs the mask", "give the node its output mask")
    mask = Value(step.tape, step.node.outputs[1]).cast(step.dy.dtype)
    ratio = step.input(1)
    kept = 1 - (step.x.like(0.5) if ratio is None else ratio.cast(step.x.dtype))
    return (step.dy * mask / kept,)


@derives("Neg")
def neg(step: Step) -> Gradients:
    """-1."""
    return (-step.dy,)


@derives("Abs")
def absolute(step: Step) -> Gradients:
    """The sign."""
    return (step.dy * step.x.map("Sign"),)


@derives("Sqrt")
def sqrt_(step: Step) -> Gradients:
    """1 / (2 √x)."""
    return (step.dy * 0.5 / step.y,)


@derives("Exp")
def exp(step: Step) -> Gradients:
    """eˣ."""
    return (step.dy * step.y,)


@derives("Log")
def log(step: Step) -> Gradients:
    """1 / x."""
    return (step.dy / step.x,)


@derives("Reciprocal")
def reciprocal(step: Step) -> Gradients:
    """-1 / x²."""
    return (-step.dy * step.y * step.y,)


@derives("Sin")
def sin(step: Step) -> Gradients:
    """cos x."""
    return (step.dy * step.x.map("Cos"),)


@derives("Cos")
def cos(step: Step) -> Gradients:
    """-sin x."""
    return (-step.dy * step.x.map("Sin"),)


@derives("Tan")
def tan(step: Step) -> Gradients:
    """1 + tan² x."""
    return (step.dy * (1 + step.y * step.y),)


@derives("Asin")
def asin(step: Step) -> Gradients:
    """1 / √(1 - x²)."""
    return (step.dy / (1 - step.x * step.x).map("Sqrt"),)


@derives("Acos")
def acos(step: Step) -> Gradients:
    """-1 / √(1 - x²)."""
    return (-step.dy / (1 - step.x * step.x).map("Sqrt"),)


@derives("Atan")
def atan(step: Step) -> Gradients:
    """1 / (1 + x²)."""
    return (step.dy / (1 + step.x * step.x),)


@derives("Sinh")
def sinh(step: Step) -> Gradients:
    """cosh x."""
    return (step.dy * step.x.map("Cosh"),)


@derives("Cosh")
def cosh(step: Step) -> Gradients:
    """sinh x."""
    return (step.dy * step.x.map("Sinh"),)


@derives("Tanh")
def tanh(step: Step) -> Gradients:
    """1 - tanh² x."""
    return (step.dy * (1 - step.y * step.y),)


@derives("Asinh")
def asinh(step: Step) -> Gradients:
    """1 / √(x² + 1)."""
    return (step.dy / (step.x * step.x + 1).map("Sqrt"),)


@derives("Acosh")
def acosh(step: Step) -> Gradients:
    """1 / √(x² - 1)."""
    return (step.dy / (step.x * step.x - 1).map("Sqrt"),)


@derives("Atanh")
def atanh(step: Step) -> Gradients:
    """1 / (1 - x²)."""
    return (step.dy / (1 - step.x * step.x),)


@derives("Erf")
def erf(step: Step) -> Gradients:
    """2 / √π e^(-x²)."""
    return (step.dy * (2 / sqrt(pi)) * (-step.x * step.x).map("Exp"),)


@derives("Sigmoid")
def sigmoid(step: Step) -> Gradients:
    """y (1 - y)."""
    return (step.dy * step.y * (1 - step.y),)


@derives("Softplus")
def softplus(step: Step) -> Gradients:
    """The sigmoid of x."""
    return (step.dy * step.x.map("Sigmoid"),)


@derives("Softsign")
def softsign(step: Step) -> Gradients:
    """1 / (1 + |x|)²."""
    denominator = 1 + step.x.map("Abs")
    return (step.dy / (denominator * denominator),)


@derives("Relu")
def relu(step: Step) -> Gradients:
    """1 above 0, else 0."""
    return (step.tape.where(step.x > 0, step.dy, 0),)


@derives("LeakyRelu")
def leaky_relu(step: Step) -> Gradients:
    """1 above 0, else alpha."""
    alpha = step.attribute("alpha", 0.01)
    return (step.tape.where(step.x > 0, step.dy, step.dy * alpha),)


@derives("PRelu", broadcasts=True)
def prelu(step: Step) -> Gradients:
    """1 above 0, else the slope; the slope's own is x, where x is below 0."""
    if step.version < 7:
        raise NoDerivative("it has none before opset 7", "export at a newer opset")
    x, slope = step.inputs
    below = x < 0
    return (
        step.tape.where(below, step.dy * slope, step.dy),
        step.tape.where(below, step.dy * x, 0),
    )


@derives("Elu")
def elu(step: Step) -> Gradients:
    """1 above 0, else alpha eˣ, which is y + alpha."""
    alpha = step.attribute("alpha", 1.0)
    return (step.tape.where(step.x > 0, step.dy, step.dy * (step.y + alpha)),)


@derives("Selu")
def selu(step: Step) -> Gradients:
    """Gamma above 0, else gamma alpha eˣ, which is y + gamma alpha."""
    old = step.version < 6
    alpha = step.attribute("alpha", 1.6732 if old else 1.6732632423543772)
    gamma = step.attribute("gamma", 1.0507 if old else 1.0507009873554805)
    below = step.dy * (step.y + gamma * alpha)
    return (step.tape.where(step.x > 0, step.dy * gamma, below),)


@derives("Celu")
def celu(step: Step) -> Gradients:
    """1 above 0, else e^(x / alpha)."""
    alpha = step.attribute("alpha", 1.0)
    below = step.dy * (step.x / alpha).map("Exp")
    return (step.tape.where(step.x > 0, step.dy, below),)


@derives("ThresholdedRelu")
def thresholded_relu(step: Step) -> Gradients:
    """1 above alpha, else 0."""
    return (step.tape.where(step.x > step.attribute("alpha", 1.0), step.dy, 0),)


@derives("HardSigmoid")
def hard_sigmoid(step: Step) -> Gradients:
    """Alpha between the limits, else 0."""
    alpha, y = step.attribute("alpha", 0.2), step.y
    inside = step.tape.op("And", y > 0, y < 1)
    return (step.tape.where(inside, step.dy * alpha, 0),)
