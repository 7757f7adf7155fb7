"""onnxruntime's operators on bytes that stand for ``(byte - zero point) * scale``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates

OWN = "com.microsoft"
BYTES = ("uint8", "int8")
Array = np.ndarray[Any, Any]


def whole_range(draw: Draw, dtype: str, shape: Any) -> Array:
    """Return integers of which each is as likely."""
    info = np.iinfo(dtype)
    return draw.array(dtype, shape, info.min, info.max)


def scale(draw: Draw, shape: Any = ()) -> Array:
    """Return scales; powers of two make ties when results are rounded."""
    if draw.chance(0.4):
        powers = draw.array("int32", shape, -7, 1).astype(np.float32)
        return np.asarray(np.float32(2) ** powers)
    return np.asarray(np.exp(draw.array("float32", shape, -6, 1)), np.float32)


def zero_point(draw: Draw, dtype: str, shape: Any = ()) -> Array:
    """Return zero points, often 0 or in the middle."""
    if draw.chance(0.3):
        return np.zeros(shape, dtype)
    return whole_range(draw, dtype, shape)


def parameters(draw: Draw, dtype: str, optional: bool = True) -> list[Any]:
    """Return a scale, and a zero point that is sometimes left out."""
    shape = (1,) if draw.chance(0.01) else ()
    zero = zero_point(draw, dtype, shape)
    return [scale(draw, shape), None if optional and draw.chance(0.01) else zero]


@generates("QLinearAdd", "QLinearMul", domain=OWN)
def binary(draw: Draw, target: Target) -> NodeCase:
    """Any two shapes that broadcast."""
    dtype = draw.one_of(BYTES)
    a, b = draw.broadcast_shapes(2)
    inputs = [whole_range(draw, dtype, a), *parameters(draw, dtype)]
    inputs += [whole_range(draw, dtype, b), *parameters(draw, dtype)]
    return NodeCase([*inputs, *parameters(draw, dtype)])


@generates("QLinearSigmoid", "QLinearLeakyRelu", domain=OWN)
def unary(draw: Draw, target: Target) -> NodeCase:
    """Any shape; results near the ends of the range too."""
    dtype = draw.one_of(BYTES)
    x = whole_range(draw, dtype, draw.shape())
    attributes = {}
    if target.operator == "QLinearLeakyRelu" and draw.chance(0.7):
        attributes["alpha"] = draw.number(-1, 2)
    y = parameters(draw, dtype)
    if target.operator == "QLinearSigmoid":
        y[0] = np.asarray(draw.one_of((1 / 256, 1 / 128, 0.01)), np.float32)
    # Where e**x is rounded otherwise, a sigmoid may be too.
    return NodeCase([x, *parameters(draw, dtype), *y], attributes, off_by=1)


@generates("QLinearWhere", domain=OWN)
def where(draw: Draw, target: Target) -> NodeCase:
    """Any three shapes that broadcast; sometimes all of one scale."""
    dtype = draw.one_of(BYTES)
    condition, x, y = draw.broadcast_shapes(3)
    three = [parameters(draw, dtype, optional=False) for _ in range(3)]
    if draw.chance(0.2):
        three = three[:1] * 3
    chosen = np.asarray(draw.array("bool", condition))
    inputs = [chosen, whole_range(draw, dtype, x), *three[0]]
    inputs += [whole_range(draw, dtype, y), *three[1], *three[2]]
    # onnxruntime crashes where only the parameters of the result are constant.
    if draw.chance():
        return NodeCase(inputs, constant=(2, 3, 5, 6, 7, 8))
    return NodeCase(inputs, variable=(2, 3, 5, 6, 7, 8))


@generates("QLinearConcat", domain=OWN)
def concat(draw: Draw, target: Target) -> NodeCase:
    """One to four tensors; some of the scale of the result."""
    dtype = draw.one_of(BYTES)
    shape = draw.shape(1, 4)
    axis = draw.axis(len(shape))
    result = parameters(draw, dtype, optional=False)
    inputs = list(result)
    for _ in range(draw.integer(1, 4)):
        part = list(shape)
        part[axis] = draw.length()
        same = draw.chance(0.2)
        given = result if same else parameters(draw, dtype, optional=False)
        inputs += [whole_range(draw, dtype, part), *given]
    return NodeCase(inputs, {"axis": axis})


@generates("QLinearSoftmax", domain=OWN)
def softmax(draw: Draw, target: Target) -> NodeCase:
    """Both meanings of the axis; the scale of a result is 1 / 256 or so."""
    dtype = draw.one_of(BYTES)
    shape = draw.shape(1, 4, longest=9)
    attributes: dict[str, Any] = {"opset": draw.one_of((8, 11, 12, 13, 17, 21))}
    if draw.chance(0.8):
        attributes["axis"] = draw.axis(len(shape))
    y_scale = draw.one_of((1 / 256, 1 / 256, 1 / 128, 0.003))
    lowest = np.iinfo(dtype).min
    zero = np.asarray(draw.one_of((lowest, lowest, 0, 3)), dtype)
    inputs = [whole_range(draw, dtype, shape), *parameters(draw, dtype)]
    # Few quotients are so near to a half that the last bit of an exponential decides.
    y = [np.asarray(y_scale, np.float32), zero]
    return NodeCase([*inputs, *y], attributes, off_by=1)


def window_attributes(draw: Draw, spatial: int, longest: int = 3) -> dict[str, Any]:
    """Return kernel_shape, strides, and pads or auto_pad, given or left out."""
    kernel = [draw.integer(1, longest) for _ in range(spatial)]
    attributes: dict[str, Any] = {"kernel_shape": kernel}
    if draw.chance():
        attributes["strides"] = [draw.integer(1, 3) for _ in kernel]
    if draw.chance():
        attributes["pads"] = [draw.integer(0, k - 1) for k in kernel * 2]
    elif draw.chance():
        modes = ("VALID", "SAME_UPPER", "SAME_LOWER", "NOTSET")
        attributes["auto_pad"] = draw.one_of(modes)
    return attributes


def lengths(draw: Draw, spatial: int, longest: int = 7) -> list[int]:
    """Return lengths of spatial axes, none shorter than a window."""
    return [draw.integer(3, longest) for _ in range(spatial)]


def image(draw: Draw, dtype: str, spatial: int, channels_last: bool) -> Array:
    """Return bytes [N, C, D...], or with C at the end."""
    x = whole_range(draw, dtype, (*draw.image(1)[:2], *lengths(draw, spatial)))
    return np.ascontiguousarray(np.moveaxis(x, 1, -1)) if channels_last else x


@generates("QLinearAveragePool", "QLinearGlobalAveragePool", "NhwcMaxPool", domain=OWN)
def pool(draw: Draw, target: Target) -> NodeCase:
    """One to three spatial axes, channels first or last."""
    dtype = draw.one_of(BYTES)
    whole = target.operator == "QLinearGlobalAveragePool"
    spatial = draw.one_of((1, 2, 2, 2, 3))
    channels_last = target.operator == "NhwcMaxPool" or draw.chance(0.4)
    attributes = {} if whole else window_attributes(draw, spatial)
    if not whole and draw.chance(0.3):
        attributes["ceil_mode"] = draw.integer(0, 1)
    # No window is longer than its axis: onnxruntime then divides by 0, and crashes.
    inputs: list[Any] = [image(draw, dtype, spatial, channels_last)]
    if target.operator == "NhwcMaxPool":
        if draw.chance(0.3):
            fits = 2 if min(inputs[0].shape[1:-1]) > 4 else 1
            attributes["dilations"] = [draw.integer(1, fits) for _ in range(spatial)]
        return NodeCase(inputs, attributes)
    if channels_last or draw.chance():
        attributes["channels_last"] = int(channels_last)
    if not whole and draw.chance(0.4):
        attributes["count_include_pad"] = draw.integer(0, 1)
    for _ in range(2):
        inputs += parameters(draw, dtype, optional=not whole)
    # A mean of floats in another order may be rounded to the other side.
    return NodeCase(inputs, attributes, off_by=1)


@deviates(
    *("QLinearAveragePool", "NhwcMaxPool", "MaxpoolWithMask"),
    reason="where SAME_* and a stride beyond the window would need less than no padding, "
    "onnxruntime leaves out elements at the begin; here there is no padding, as for "
    "MaxPool in other cases",
)
def padding_is_negative(case: NodeCase) -> bool:
    """The last window ends before the axis does, by a stride of the window or less."""
    if not str(case.attributes.get("auto_pad")).startswith("SAME"):
        return False
    kernel = case.attributes["kernel_shape"]
    strides = case.attributes.get("strides", [1] * len(kernel))
    x = case.inputs[0]
    assert isinstance(x, np.ndarray)
    last = case.attributes.get("channels_last", case.operator == "NhwcMaxPool")
    sizes = x.shape[1:-1] if last else x.shape[2:]
    return any(
        -(-size // stride) * stride - stride + k < size
        for size, stride, k in zip(sizes, strides, kernel)
    )


@generates("QLinearConv", domain=OWN)
def conv(draw: Draw, target: Target) -> NodeCase:
    """ONNX's own operator with channels first or last, and groups."""
    dtype = draw.one_of(BYTES)
    weight_dtype = "int8" if dtype == "int8" else draw.one_of(BYTES)
    spatial, channels_last = draw.one_of((1, 2, 2, 3)), draw.chance(0.6)
    attributes = window_attributes(draw, spatial)
    group, inner, outer = (draw.integer(1, 3) for _ in range(3))
    shape = (draw.integer(1, 2), group * inner, *lengths(draw, spatial, 6))
    x = whole_range(draw, dtype, shape)
    if channels_last:
        x = np.ascontiguousarray(np.moveaxis(x, 1, -1))
        attributes["channels_last"] = 1
    w = whole_range(
        draw, weight_dtype, (group * outer, inner, *attributes["kernel_shape"])
    )
    if group > 1:
        attributes["group"] = group
    if draw.chance(0.3):
        attributes["dilations"] = [draw.integer(1, 2) for _ in range(spatial)]
    if draw.chance(0.3):
        del attributes["kernel_shape"]
    each = (len(w),) if draw.chance() else ()
    w_zero = np.zeros(each, weight_dtype)
    if not each:
        w_zero = zero_point(draw, weight_dtype)
    inputs = [x, *parameters(draw, dtype, False), w, scale(draw, each), w_zero]
    inputs += parameters(draw, dtype, optional=False)
    if draw.chance():
        inputs.append(draw.array("int32", (len(w),), -9999, 9999))
    return NodeCase(inputs, attributes, constant=(1, 2, 4, 5, 6, 7))


@generates("QuantizeLinear", "DequantizeLinear", domain=OWN)
def linear(draw: Draw, target: Target) -> NodeCase:
    """All types, one scale or one for each slice of an axis."""
    back = target.operator == "DequantizeLinear"
    kinds = ("uint8", "int8", "uint16", "int16", *(("int32",) if back else ()))
    dtype = draw.one_of(kinds)
    real = draw.one_of(("float32", "float32", "float16"))
    along = draw.chance(0.6)
    shape = draw.shape(1 if along else 0)
    attributes: dict[str, Any] = {}
    sizes: tuple[int, ...] = ()
    if along:
        axis = draw.axis(len(shape))
        attributes, sizes = {"axis": axis}, (shape[axis],)
    scales = scale(draw, sizes).astype(real)
    zero = None if draw.chance(0.2) else zero_point(draw, dtype, sizes)
    if dtype == "int32" and zero is not None:
        zero[...] = 0
    if back:
        return NodeCase([whole_range(draw, dtype, shape), scales, zero], attributes)
    x = draw.array(real, shape) * scales.max(initial=1) * draw.integer(1, 200)
    return NodeCase([np.asarray(x, real), scales, zero], attributes)
