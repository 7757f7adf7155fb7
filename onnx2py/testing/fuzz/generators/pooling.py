"""Pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, at_least, at_most
from ._windows import spatial, sprinkle, window

_TYPES = {"MaxPool": ("float32",) * 4 + ("float64", "int8", "uint8")}
_DILATED = {"MaxPool": 10, "AveragePool": 19, "LpPool": 18}
_CEILING = {"MaxPool": 10, "AveragePool": 10, "LpPool": 18}


@generates("MaxPool", "AveragePool", "LpPool")
def pool(draw: Draw, target: Target) -> NodeCase:
    """Every attribute; windows that are longer than the input too."""
    op, since = target.operator, target.since
    usual = _TYPES.get(op, ("float32",))
    dtype = a_type(draw, target, usual, rare=0.03)
    rank = draw.one_of((1, 2, 2, 3))
    kernel = [draw.integer(1, 4) for _ in range(rank)]
    attributes: dict[str, Any] = {"kernel_shape": kernel}
    attributes.update(window(draw, kernel, dilated=since >= _DILATED[op]))
    if since >= _CEILING[op] and draw.chance(0.4):
        attributes["ceil_mode"] = draw.integer(0, 1)
    if op == "AveragePool" and since >= 7 and draw.chance(0.6):
        attributes["count_include_pad"] = draw.integer(0, 1)
    shape = spatial(draw, kernel, attributes, short=0.25)
    make = draw.one_of((draw.array, draw.array, draw.ties))
    x = make(dtype, (draw.length(2, 0.03), draw.integer(1, 3), *shape))
    if draw.chance(0.12):
        sprinkle(draw, x)
    if op == "LpPool":
        return _with_order(draw, target, x, attributes)
    outputs = 1
    if op == "MaxPool" and since >= 8:
        outputs = draw.integer(1, 2)
        if draw.chance(0.4):
            attributes["storage_order"] = draw.integer(0, 1)
    case = NodeCase([x], attributes, outputs, rtol=1e-5)
    return at_least(case, target, 7 if op == "AveragePool" else 1)


@deviates(
    "MaxPool",
    reason="some of onnxruntime's kernels start from the lowest finite number: it is what they "
    "make of windows of nothing but -inf or NaN, and they leave out NaN beside numbers; the "
    "largest of -inf is -inf, and NaN stays NaN as in NumPy",
)
def _below_every_number(case: NodeCase) -> bool:
    x = np.asarray(case.inputs[0])
    return x.dtype.kind == "f" and bool((np.isnan(x) | (x == -np.inf)).any())


@deviates(
    "MaxPool",
    reason="dilated windows whose steps skip the whole input: onnxruntime makes the lowest finite "
    "number of nothing but padding; its largest element is -inf, as in ONNX's reference",
)
def _nothing_but_padding(case: NodeCase) -> bool:
    x = np.asarray(case.inputs[0])
    dilations = case.attributes.get("dilations", ())
    skips = any(step > size for step, size in zip(dilations, x.shape[2:]))
    return x.dtype.kind == "f" and skips


@deviates(
    "AveragePool",
    reason="a window that is longer than the input and its padding: with count_include_pad "
    "onnxruntime divides by the whole window before version 19, and by what lies in the "
    "padding since; the text is the same, and we do the latter in all versions",
)
def _too_long_to_count(case: NodeCase) -> bool:
    given, sizes = case.attributes, np.asarray(case.inputs[0]).shape[2:]
    rank = len(sizes)
    pads = given.get("pads", [0] * 2 * rank)
    longer = any(
        kernel > sizes[i] + pads[i] + pads[i + rank]
        for i, kernel in enumerate(given["kernel_shape"])
    )
    same = str(given.get("auto_pad", "")).startswith("SAME")
    counts = given.get("count_include_pad") and not given.get("ceil_mode")
    return case.opset < 19 and bool(counts) and longer and not same


def _with_order(
    draw: Draw, target: Target, x: Any, attributes: dict[str, Any]
) -> NodeCase:
    """Return a case with ``p``: a float at first, where onnxruntime has no kernel."""
    if draw.chance(0.7):
        attributes["p"] = draw.integer(1, 4)
    if target.since >= 2:
        return NodeCase([x], attributes, rtol=1e-5)
    old = dict(attributes)
    if "p" in attributes:
        old["p"] = float(attributes["p"])
    return at_least(NodeCase([x], old, rtol=1e-5), target, 2, attributes=attributes)


@generates("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(draw: Draw, target: Target) -> NodeCase:
    """All of each channel."""
    dtype = a_type(draw, target, ("float32",), rare=0.03)
    shape = draw.image(draw.integer(1, 3), longest=6)
    x = draw.array(dtype, (draw.length(3, 0.03), *shape[1:]))
    if target.operator == "GlobalLpPool":
        return at_most(_with_order(draw, target, x, {}), target, 21)
    return NodeCase([x], rtol=1e-5)


@generates("MaxUnpool")
def max_unpool(draw: Draw, target: Target) -> NodeCase:
    """Indices as MaxPool gives them, into the output that is inferred or a larger one."""
    rank = draw.integer(1, 3)
    kernel = [draw.integer(1, 3) for _ in range(rank)]
    strides = [draw.integer(k, k + 1) for k in kernel]  # windows that do not overlap
    if draw.chance(0.2):
        strides = [draw.integer(1, k) for k in kernel]
    small = [draw.integer(1, 4) for _ in range(rank)]
    pads = [draw.integer(0, (k - 1) // 2) for k in (*kernel, *kernel)]
    pads = pads if draw.chance(0.3) else [0] * (2 * rank)
    inferred = [
        s * (n - 1) + k - pads[i] - pads[i + rank]
        for i, (s, n, k) in enumerate(zip(strides, small, kernel))
    ]
    extra = [0] * rank if draw.chance() else [draw.integer(0, 2) for _ in kernel]
    large = [length + more for length, more in zip(inferred, extra)]
    shape = (draw.integer(1, 2), draw.integer(1, 2), *small)
    laid_out = inferred if draw.chance(0.1) else large
    indices = np.empty(shape, np.int64)
    for place in np.ndindex(*shape):
        inside = [
            min(max(0, draw.integer(0, k - 1) + s * o - p), length - 1)
            for k, s, o, p, length in zip(kernel, strides, place[2:], pads, laid_out)
        ]
        indices[place] = np.ravel_multi_index(
            (*place[:2], *inside), (*shape[:2], *laid_out)
        )
    x = draw.array("float32", shape)
    if indices.size != np.unique(indices).size:  # which of them stays is not said
        x[...] = 1
    attributes: dict[str, Any] = {"kernel_shape": kernel, "strides": strides}
    if any(pads):
        attributes["pads"] = pads
    inputs = [x, indices]
    if large != inferred or draw.chance():
        inputs.append(np.array([*shape[:2], *large]))
    return NodeCase(inputs, attributes, exact=True)


@deviates(
    "MaxUnpool",
    reason="output_shape larger than the shape that is inferred without it, and indices that "
    "are in none of their windows there but in the latter: onnxruntime takes them as indices "
    "into output_shape; ONNX's own case has the others' meaning, and so do we",
)
def _indices_into_the_inferred(case: NodeCase) -> bool:
    if len(case.inputs) < 3:
        return False
    indices, shape = np.asarray(case.inputs[1]), np.asarray(case.inputs[2])
    kernel, strides = case.attributes["kernel_shape"], case.attributes["strides"]
    pads = case.attributes.get("pads", [0] * len(kernel))
    for place, index in np.ndenumerate(indices):
        found = np.unravel_index(index, shape.tolist())
        windows = zip(found[2:], kernel, strides, pads, place[2:])
        inside = [0 <= at - s * o + pad < k for at, k, s, pad, o in windows]
        if found[:2] != place[:2] or not all(inside):
            return True
    return False
