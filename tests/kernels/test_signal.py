"""Numbers of Fourier transforms and windows."""

import numpy as np

from onnx2py.kernels.signal import dft, stft
from onnx2py.kernels.signal_windows import blackman_window, hamming_window, hann_window


def test_a_constant_has_one_frequency():
    x = np.ones((1, 4, 1), np.float32)
    found = dft(x)
    assert found.dtype == np.float32
    assert found.tolist() == [[[4, 0], [0, 0], [0, 0], [0, 0]]]
    assert dft(x, onesided=True).shape == (1, 3, 2)


def test_frames_do_not_pass_the_end():
    x = np.arange(7, dtype=np.float32).reshape(1, 7, 1)
    found = stft(x, 2, frame_length=4)
    assert found.shape == (1, 2, 3, 2)
    assert found[0, :, 0, 0].tolist() == [0 + 1 + 2 + 3, 2 + 3 + 4 + 5]


def test_windows():
    assert hann_window(4).tolist() == [0, 0.5, 1, 0.5]
    assert hann_window(1, periodic=False).tolist() == [1]
    np.testing.assert_allclose(hamming_window(2), [4 / 46, 1], rtol=1e-6)
    found = blackman_window(3, periodic=False, dtype=np.float64)
    np.testing.assert_allclose(found, [0, 1, 0], atol=1e-12)
