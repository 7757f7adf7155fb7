"""Fourier transforms. The last axis of a signal holds real and imaginary parts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._ints import as_int
from ._rounding import rounded_once


@rounded_once
def dft(
    input: Tensor,
    dft_length: Any = None,
    axis: Any = -2,
    *,
    inverse: bool = False,
    onesided: bool = False,
) -> Tensor:
    """Return the discrete Fourier transform along ``axis``: [D..., 1 or 2] -> [D..., 2].

    ``dft_length`` is the length to which the axis is cut or zero-padded. A one-sided
    spectrum is the first half; its inverse transform is real, [D..., 1].
    """
    axis = as_int(axis) % input.ndim
    length = None if dft_length is None else as_int(dft_length)
    z = _complex(input)
    if inverse and onesided:
        return torch.fft.irfft(z, length, axis)[..., None]
    if inverse:
        return _parts(torch.fft.ifft(z, length, axis))
    if onesided and not z.is_complex():
        return _parts(torch.fft.rfft(z, length, axis))
    y = torch.fft.fft(z, length, axis)
    return _parts(y.narrow(axis, 0, y.shape[axis] // 2 + 1) if onesided else y)


@rounded_once
def stft(
    signal: Tensor,
    frame_step: Any,
    window: Tensor | None = None,
    frame_length: Any = None,
    *,
    onesided: bool = True,
) -> Tensor:
    """Return the Fourier transforms of a window that slides over [B, L] or [B, L, 1 or 2].

    The result is [B, F, N, 2] for F frames of N samples, or [B, F, N // 2 + 1, 2] if
    ``onesided``.

    Raises
    ------
    ValueError
        If ``frame_step`` is not positive.
    """
    x = _complex(signal) if signal.ndim == 3 else signal
    length = x.shape[1] if window is None else len(window)
    if frame_length is not None:
        length = as_int(frame_length)
    step = as_int(frame_step)
    if step < 1:
        raise ValueError(f"frame_step: expected a positive number, got {step}")
    frames = x.unfold(1, length, step)
    if window is not None:
        frames = frames * window
    if onesided and not frames.is_complex():
        return _parts(torch.fft.rfft(frames))
    y = torch.fft.fft(frames)
    return _parts(y[..., : length // 2 + 1] if onesided else y)


def _complex(x: Tensor) -> Tensor:
    """Return real or complex numbers from [..., 1] or [..., 2]."""
    return x[..., 0] if x.shape[-1] == 1 else torch.view_as_complex(x.contiguous())


def _parts(z: Tensor) -> Tensor:
    """Store real and imaginary parts along a new last axis."""
    return torch.stack((z.real, z.imag), -1)
