"""What rules of convolution and pooling share: the attributes that lay out windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir.program import Argument
from ..kernels._conv_windows import explicit_pads
from ..kernels._pool import pooling_pads
from .context import NodeContext

_AUTO_PADS = ("NOTSET", "", "VALID", "SAME_UPPER", "SAME_LOWER")


def convolution_windows(
    node: NodeContext, *, weight: int = 1, transposed: bool = False
) -> dict[str, Any]:
    """Return strides, pads and dilations of a convolution, None where they do nothing.

    ``weight`` says which input that is; the kernel's shape is its. The padding of a
    ``transposed`` convolution depends on more than this, and is left to the kernel.
    """
    shape = _spatial_lengths(node, weight)
    kernel_shape = node.ints("kernel_shape", shape)
    if shape is not None and kernel_shape != shape:
        raise node.unsupported(
            f"attribute kernel_shape: expected the weight's {shape}, got {kernel_shape}",
            "the model is not valid ONNX",
        )
    rank = node.rank(0) or node.rank(weight)
    spatial = len(kernel_shape) if kernel_shape else rank - 2 if rank else None
    strides, dilations = _steps(node, spatial)
    mode = node.choice("auto_pad", "NOTSET", _AUTO_PADS)
    pads: Argument = _pads(node, spatial)
    if mode not in ("NOTSET", ""):
        if pads is not None:
            raise node.unsupported(
                f"attribute pads: expected none beside auto_pad {mode}, got {pads}",
                "the model is not valid ONNX",
            )
        pads = None if mode == "VALID" else mode
        if pads is not None and not transposed:
            sizes = _spatial_lengths(node, 0)
            pads = _auto_pads(mode, sizes, kernel_shape, strides, dilations)
    return {"strides": strides, "pads": pads, "dilations": dilations}


def pooling_windows(
    node: NodeContext, *, channels_last: bool = False
) -> dict[str, Any]:
    """Return kernel_shape, strides, pads and dilations of pooling, and ceil_mode."""
    kernel_shape = node.ints("kernel_shape")
    strides, dilations = _steps(node, len(kernel_shape))
    mode = node.choice("auto_pad", "NOTSET", _AUTO_PADS)
    pads: Argument = _pads(node, len(kernel_shape))
    if mode not in ("NOTSET", ""):  # onnxruntime then takes no notice of pads
        pads = None
        if mode != "VALID":
            pads = mode
            sizes = None if channels_last else _spatial_lengths(node, 0)
            if sizes is not None:
                pads = _none_if_0(pooling_pads(mode, sizes, kernel_shape, strides))
    return {
        "kernel_shape": kernel_shape,
        "strides": strides,
        "pads": pads,
        "dilations": dilations,
        "ceil_mode": bool(node.int("ceil_mode", 0)),
    }


def _spatial_lengths(node: NodeContext, index: int) -> tuple[int, ...] | None:
    """Return the lengths of an input's spatial axes, where all are known."""
    kind = node.type(index)
    if kind is None or kind.shape is None:
        return None
    lengths = tuple(dim for dim in kind.shape[2:] if isinstance(dim, int))
    return lengths if len(lengths) == len(kind.shape) - 2 else None


def _steps(
    node: NodeContext, spatial: int | None
) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    """Return strides and dilations, None where all are 1."""
    found = []
    for name in ("strides", "dilations"):
        value = node.ints(name, ())
        if value and (len(value) != (spatial or len(value)) or min(value) < 1):
            raise node.unsupported(
                f"attribute {name}: expected one positive number for each of "
                f"{spatial} spatial axes, got {value}"
            )
        found.append(value if any(step != 1 for step in value) else None)
    return found[0], found[1]


def _pads(node: NodeContext, spatial: int | None) -> tuple[int, ...] | None:
    """Return the pads, None where all are 0."""
    value = node.ints("pads", ())
    if not any(value):
        return None
    if len(value) != 2 * (spatial or len(value) // 2) or min(value) < 0:
        raise node.unsupported(
            f"attribute pads: expected two numbers, not negative, for each of "
            f"{spatial} spatial axes, got {value}"
        )
    return value


def _auto_pads(
    mode: str,
    sizes: tuple[int, ...] | None,
    kernel_shape: tuple[int, ...] | None,
    strides: tuple[int, ...] | None,
    dilations: tuple[int, ...] | None,
) -> Argument:
    """Return pads of SAME_*: numbers if lengths are known, else the mode."""
    if sizes is None or kernel_shape is None:
        return mode
    return _none_if_0(explicit_pads(mode, sizes, kernel_shape, strides, dilations))


def _none_if_0(pads: Sequence[int]) -> Argument:
    return tuple(pads) if any(pads) else None
