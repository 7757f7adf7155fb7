"""Fourier transforms and windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir.program import Argument, Call
from ..kernels import signal, signal_windows
from .context import NodeContext
from .registry import Rule, lowers


@lowers("DFT", since=17)
def dft_with_attribute(node: NodeContext) -> Call:
    """17: ``axis`` is an attribute, by default 1."""
    return _dft(node, node.int("axis", 1))


@lowers("DFT", since=20)
def dft_with_input(node: NodeContext) -> Call:
    """20: ``axis`` is an input, by default the last of the signal."""
    return _dft(node, _number(node, 2) if node.has_input(2) else -2)


def _number(node: NodeContext, index: int) -> Argument:
    """Return an input of one number, as a literal if it is constant."""
    value = node.literal(index)
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def _dft(node: NodeContext, axis: Any) -> Call:
    return node.call(
        signal.dft,
        node.input(0),
        _number(node, 1),
        axis,
        inverse=bool(node.int("inverse", 0)),
        onesided=bool(node.int("onesided", 0)),
    )


@lowers("STFT", since=17)
def stft(node: NodeContext) -> Call:
    """17."""
    return node.call(
        signal.stft,
        node.input(0),
        _number(node, 1),
        node.optional(2),
        _number(node, 3),
        onesided=bool(node.int("onesided", 1)),
    )


def _window(kernel: Callable[..., Any]) -> Rule:
    def rule(node: NodeContext) -> Call:
        dtype = node.element_type("output_datatype", 1)
        return node.call(
            kernel,
            _number(node, 0),
            periodic=bool(node.int("periodic", 1)),
            dtype=dtype.type,
        )

    return rule


lowers("HannWindow", since=17)(_window(signal_windows.hann_window))
lowers("HammingWindow", since=17)(_window(signal_windows.hamming_window))
lowers("BlackmanWindow", since=17)(_window(signal_windows.blackman_window))


@lowers("MelWeightMatrix", since=17)
def mel_weight_matrix(node: NodeContext) -> Call:
    """17."""
    return node.call(
        signal_windows.mel_weight_matrix,
        *(_number(node, index) for index in range(5)),
        dtype=node.element_type("output_datatype", 1).type,
    )
