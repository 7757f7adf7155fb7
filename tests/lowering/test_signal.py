"""Rules of Fourier transforms and windows."""

import numpy as np
import pytest

from tests.support import assert_same, check_against_onnxruntime, compute, lowered

RNG = np.random.default_rng(9)


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def test_the_axis_is_an_attribute_then_an_input():
    assert lowered("DFT", ["x"], opset=17) == "ops.dft(x, None, 1)"
    assert lowered("DFT", ["x"], opset=20) == "ops.dft(x)"
    constants = {"n": np.array(16), "a": np.array([1])}
    text = lowered("DFT", ["x", "n", "a"], opset=20, constants=constants, onesided=1)
    assert text == "ops.dft(x, 16, 1, onesided=True)"


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("length", [None, 5, 8, 12])
@pytest.mark.parametrize("axis", [1, 2, -2])
def test_transforms_agree(parts, length, axis):
    x = normal(2, 8, 6, parts)
    size = None if length is None else np.array(length)
    check_against_onnxruntime(
        "DFT", [x, size], opset=17, axis=axis % 4, rtol=1e-3, atol=1e-4
    )  # onnxruntime transforms in float32, by Bluestein's algorithm
    check_against_onnxruntime(
        "DFT", [x, size, np.array(axis)], opset=20, rtol=1e-3, atol=1e-4
    )


def test_one_side_agrees():
    options = {"opset": 20, "rtol": 1e-4, "atol": 1e-5}
    check_against_onnxruntime("DFT", [normal(2, 8, 1)], onesided=1, **options)
    check_against_onnxruntime("DFT", [normal(2, 8, 2)], inverse=1, **options)


@pytest.mark.parametrize("length", [None, 7])
def test_there_and_back(length):
    x = normal(2, length or 8, 1)
    size = None if length is None else np.array(length)
    (half,) = compute("DFT", [x, size], opset=20, onesided=1)
    (back,) = compute("DFT", [half, size], opset=20, onesided=1, inverse=1)
    assert_same(back, x, atol=1e-5)


@pytest.mark.parametrize("onesided", [0, 1])
@pytest.mark.parametrize("given", ["window", "length", "both"])
def test_stft_agrees(onesided, given):
    window = None if given == "length" else normal(16)
    length = None if given == "window" else np.array(16)
    check_against_onnxruntime(
        "STFT",
        [normal(2, 50, 1), np.array(5), window, length],
        opset=17,
        onesided=onesided,
        rtol=1e-4,
        atol=1e-5,
    )


@pytest.mark.parametrize("shape", [(), (1,)])
def test_a_number_may_be_a_list_of_one(shape):
    step, length = np.full(shape, 5), np.full(shape, 16)
    arrays = [normal(2, 50, 1), step, None, length]
    check_against_onnxruntime("STFT", arrays, opset=17, rtol=1e-4, atol=1e-5)
    arrays = [normal(2, 50, 1), length, np.full(shape, 1)]
    check_against_onnxruntime("DFT", arrays, opset=20, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("operator", ["HannWindow", "HammingWindow", "BlackmanWindow"])
@pytest.mark.parametrize("periodic", [0, 1])
@pytest.mark.parametrize("kind", [1, 11])
def test_windows_agree(operator, periodic, kind):
    options = {"periodic": periodic, "output_datatype": kind}
    check_against_onnxruntime(operator, [np.array(10)], opset=17, **options)


@pytest.mark.parametrize("bins", [8, 64])
def test_mel_weights_agree(bins):
    numbers = [np.array(bins), np.array(256), np.array(8192)]
    edges = [np.array(0, np.float32), np.array(4096, np.float32)]
    check_against_onnxruntime("MelWeightMatrix", [*numbers, *edges], opset=17)
