"""Fourier transforms. The last axis of a signal holds real and imaginary parts."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from ._ints import as_int
from ._rounding import rounded_once


@rounded_once
def dft(
    input: Array,
    dft_length: Any = None,
    axis: Any = -2,
    *,
    inverse: bool = False,
    onesided: bool = False,
) -> Array:
    """Return the discrete Fourier transform along ``axis``: [D..., 1 or 2] -> [D..., 2].

    ``dft_length`` is the length to which the axis is cut or zero-padded. A one-sided
    spectrum is the first half; its inverse transform is real, [D..., 1].
    """
    axis = as_int(axis) % input.ndim
    length = None if dft_length is None else as_int(dft_length)
    z = _complex(input)
    if inverse and onesided:
        return jnp.fft.irfft(z, length, axis)[..., None]
    if inverse:
        return _parts(jnp.fft.ifft(z, length, axis))
    return _parts(_spectrum(z, length, axis, onesided))


@rounded_once
def stft(
    signal: Array,
    frame_step: Any,
    window: Array | None = None,
    frame_length: Any = None,
    *,
    onesided: bool = True,
) -> Array:
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
    starts = np.arange(0, x.shape[1] - length + 1, step)[:, None]
    frames = jnp.take(x, starts + np.arange(length), 1, mode="clip")
    if window is not None:
        frames = frames * window
    return _parts(_spectrum(frames, length, frames.ndim - 1, onesided))


def _spectrum(z: Array, length: int | None, axis: int, onesided: bool) -> Array:
    """Return the transform of real or complex numbers, or its first half."""
    length = z.shape[axis] if length is None else length
    if jnp.iscomplexobj(z):
        y = jnp.fft.fft(z, length, axis)
        return _part(y, 0, length // 2 + 1, axis) if onesided else y
    half = jnp.fft.rfft(z, length, axis)
    if onesided:
        return half
    # The other half mirrors it, exactly.
    other = jnp.flip(_part(half, 1, length - length // 2, axis), axis)
    return jnp.concatenate((half, other.conj()), axis)


def _part(x: Array, start: int, stop: int, axis: int) -> Array:
    return lax.slice_in_dim(x, start, stop, axis=axis)


def _complex(x: Array) -> Array:
    """Return real or complex numbers from [..., 1] or [..., 2]."""
    return x[..., 0] if x.shape[-1] == 1 else lax.complex(x[..., 0], x[..., 1])


def _parts(z: Array) -> Array:
    """Store real and imaginary parts along a new last axis."""
    return jnp.stack((z.real, z.imag), -1)
