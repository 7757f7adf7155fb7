"""Fourier transforms. The last axis of a signal holds real and imaginary parts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ._ints import as_int
from ._precision import widened


def dft(
    input: NDArray[Any],
    dft_length: Any = None,
    axis: Any = -2,
    *,
    inverse: bool = False,
    onesided: bool = False,
) -> NDArray[Any]:
    """Return the discrete Fourier transform along ``axis``.

    Parameters
    ----------
    input : float[D..., 1] for real, or [D..., 2] for complex numbers
    dft_length : length to which the axis is cut or zero-padded; by default its length, or
        2 * (length - 1) for a one-sided inverse transform
    axis : any axis but the last
    inverse : whether to transform a spectrum to a signal
    onesided : whether the signal is real and the spectrum holds only its first half

    Returns
    -------
    output : float[D..., 2], or [D..., 1] for a one-sided inverse transform
        A one-sided spectrum has length dft_length // 2 + 1 along ``axis``.

    Raises
    ------
    ValueError
        If ``dft_length`` or ``axis`` is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__DFT.html
    """
    axis = as_int(axis) % input.ndim
    length = None if dft_length is None else as_int(dft_length)
    x = widened(input)
    z = x[..., 0] if x.shape[-1] == 1 else x[..., 0] + 1j * x[..., 1]
    if inverse and onesided:
        y = np.fft.irfft(z, length, axis)[..., None]
    elif inverse:
        y = _parts(np.fft.ifft(z, length, axis))
    elif onesided and z.dtype.kind != "c":
        y = _parts(np.fft.rfft(z, length, axis))
    else:
        y = _parts(np.fft.fft(z, length, axis))
        if onesided:
            y = np.take(y, range(y.shape[axis] // 2 + 1), axis)
    return np.asarray(y).astype(input.dtype, copy=False)


def stft(
    signal: NDArray[Any],
    frame_step: Any,
    window: NDArray[Any] | None = None,
    frame_length: Any = None,
    *,
    onesided: bool = True,
) -> NDArray[Any]:
    """Return the Fourier transforms of a window that slides over the signal.

    B is the batch, L the length of the signal, N that of a frame.

    Parameters
    ----------
    signal : float[B, L] or [B, L, 1] for real, or [B, L, 2] for complex numbers
    frame_step : distance between frames, in samples
    window : float[N], the factors of each frame; 1 by default
    frame_length : N, by default the length of the window, else L
    onesided : whether to return only the first half of the spectra of a real signal

    Returns
    -------
    output : float[B, F, N // 2 + 1, 2] if onesided, else [B, F, N, 2]
        F = (L - N) // frame_step + 1

    Raises
    ------
    ValueError
        If ``frame_step`` is not positive, or a length is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__STFT.html
    """
    x = widened(signal)
    if x.ndim == 3:
        x = x[..., 0] if x.shape[-1] == 1 else x[..., 0] + 1j * x[..., 1]
    length = x.shape[1] if window is None else len(window)
    if frame_length is not None:
        length = as_int(frame_length)
    step = as_int(frame_step)
    if step < 1:
        raise ValueError(f"frame_step: expected a positive number, got {step}")
    frames = sliding_window_view(x, length, axis=1)[:, ::step]
    if window is not None:
        frames = frames * widened(window)
    if not onesided:
        y = np.fft.fft(frames)
    elif frames.dtype.kind == "c":
        y = np.fft.fft(frames)[..., : length // 2 + 1]
    else:
        y = np.fft.rfft(frames)
    return _parts(y).astype(signal.dtype, copy=False)


def _parts(z: NDArray[Any]) -> NDArray[Any]:
    """Store real and imaginary parts along a new last axis."""
    return np.stack((z.real, z.imag), axis=-1)
