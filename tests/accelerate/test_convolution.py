"""oneDNN's convolutions against NumPy's."""

from functools import partial

import numpy as np
import pytest

from onnx2py.accelerate.active import accelerated, active
from onnx2py.accelerate.cache import freeze
from onnx2py.accelerate.table import REPLACEMENTS
from onnx2py.kernels import activation, activation_exponential, activation_gelu
from onnx2py.kernels.arithmetic import clip
from onnx2py.kernels.conv import conv
from onnx2py.kernels.conv_depthwise import conv_depthwise, depthwise_weight
from onnx2py.kernels.conv_packed import (
    conv_packed,
    conv_pointwise,
    packed_weight,
    pointwise_weight,
)
from onnx2py.kernels.conv_winograd import conv_winograd, winograd_weight

from .compared import assert_same, floats, in_some_order

ACTIVATIONS = [
    None,
    activation.relu,
    np.tanh,
    activation_exponential.sigmoid,
    activation_exponential.mish,
    activation_exponential.swish,
    activation_exponential.softplus,
    activation_exponential.softsign,
    activation_exponential.elu,
    activation_gelu.gelu,
    activation_gelu.gelu_tanh,
    activation.hard_swish,
    activation.hard_sigmoid,
    activation.leaky_relu,
    np.square,
    lambda x: x - 1,
    partial(clip, min=0.0, max=6.0),
    partial(clip, min=np.array(-0.5, np.float32)),
    partial(clip, max=np.inf),
    partial(activation.leaky_relu, alpha=0.3),
    partial(activation.hard_sigmoid, alpha=0.1, beta=0.6),
    partial(activation_exponential.elu, alpha=0.5),
    partial(activation_exponential.swish, alpha=1.5),
]


def random_case(generator):
    """Return a convolution: its tensors, and its windows."""
    rank = int(generator.choice([1, 2, 2, 2, 3]))
    n = int(generator.integers(1, 4))
    sizes = generator.integers(1, 14 if rank < 3 else 7, rank).tolist()
    kernel = generator.integers(1, 5, rank).tolist()
    windows = {}
    if generator.random() < 0.6:
        windows["strides"] = tuple(generator.integers(1, 4, rank).tolist())
    if generator.random() < 0.6:
        windows["pads"] = tuple(generator.integers(0, 4, 2 * rank).tolist())
    if generator.random() < 0.4:
        windows["dilations"] = tuple(generator.integers(1, 4, rank).tolist())
    return n, sizes, kernel, windows


def finished(y, plus, act):
    y = y if plus is None else y + plus
    return y if act is None else act(y)


def check(generator, kernel, x, weight, windows):
    """Compare the kernel and its replacement; return whether oneDNN computed."""
    replacement = REPLACEMENTS[kernel.__name__]
    freeze(weight)
    bias = floats(generator, weight.shape[0 if kernel is conv else -1])
    bias = [bias, np.repeat(bias, 2)[::2], None][generator.integers(3)]
    act = ACTIVATIONS[generator.integers(len(ACTIVATIONS))]
    try:
        expected = kernel(x, weight, bias, **windows)
    except ValueError:  # the window is longer than the image
        with active():
            assert replacement(x, weight, bias, activation=act, **windows) is None
        return False
    plus = in_some_order(generator, floats(generator, *expected.shape))
    plus = plus if generator.random() < 0.6 else None
    with active():
        plain = replacement(x, weight, bias, **windows)
        whole = replacement(x, weight, bias, plus=plus, activation=act, **windows)
    if plain is not None:
        assert_same(plain, expected)
        assert plain.strides[1] == 4 or plain.shape[1] == 1
        if whole is not None or plus is None or plus.flags.aligned:
            assert_same(whole, finished(expected, plus, act))
    return plain is not None


@pytest.mark.parametrize("seed", range(12))
def test_random(seed):
    generator = np.random.default_rng(seed)
    done = 0
    for _ in range(25):
        n, sizes, kernel, windows = random_case(generator)
        group = int(generator.choice([1, 1, 2, 3, 8]))
        c, m = (int(k) * group for k in generator.integers(1, 20, 2))
        x = in_some_order(generator, floats(generator, n, c, *sizes))
        weight = floats(generator, m, c // group, *kernel)
        options = {**windows, "group": group}
        done += check(generator, conv, x, weight.copy(), options)
        done += check(generator, conv_packed, x, packed_weight(weight), options)
        single = floats(generator, c, 1, *kernel)
        done += check(generator, conv_depthwise, x, depthwise_weight(single), windows)
        point = pointwise_weight(floats(generator, m, c, *[1] * len(kernel)))
        strides = {k: v for k, v in windows.items() if k == "strides"}
        done += check(generator, conv_pointwise, x, point, strides)
    assert done > 30  # of 100: most of the others have an error or lie in no layout


@pytest.mark.parametrize("act", ACTIVATIONS)
def test_activation(act):
    generator = np.random.default_rng(0)
    x, bias = floats(generator, 1, 8, 9, 9) * 3, floats(generator, 16)
    weight = freeze(floats(generator, 8, 16))
    plain = conv_pointwise(x, weight, bias)
    plus = floats(generator, *plain.shape)
    with active():
        replacement = REPLACEMENTS["conv_pointwise"]
        y = replacement(x, weight, bias, activation=act)
        assert_same(y, finished(plain, None, act), 2e-6)
        y = replacement(x, weight, bias, plus=plus, activation=act)
        assert_same(y, finished(plain, plus, act), 2e-6)


def test_winograd_stays_plain():
    generator = np.random.default_rng(0)
    x = floats(generator, 2, 8, 13, 10)
    weight, bias = floats(generator, 3, 3, 8, 16), floats(generator, 16)
    usual = winograd_weight(weight, tile=4)
    expected = conv_winograd(x, usual, bias, pads=(1, 0, 1, 2))
    kernel, prepare = accelerated(conv_winograd), accelerated(winograd_weight)
    with active():
        kept = prepare(freeze(weight), tile=4)
        assert kept is weight
        assert_same(kernel(x, kept, bias, pads=(1, 0, 1, 2)), expected)
        assert_same(kernel(x, freeze(usual), bias, pads=(1, 0, 1, 2)), expected)
        assert_same(kernel(x, weight.copy(), bias, pads=(1, 0, 1, 2)), expected)
    # NumPy computes with either weight.
    assert_same(kernel(x, kept, bias, pads=(1, 0, 1, 2)), expected)
    assert_same(kernel(x, kept, bias), conv_winograd(x, usual, bias))
    assert prepare(weight, tile=4).shape == (36, 8, 16)
    plus = floats(generator, *expected.shape)
    y = kernel(x, kept, bias, pads=(1, 0, 1, 2), plus=plus, activation=np.tanh)
    assert_same(y, np.tanh(expected + plus), 1e-4)  # of numbers up to 30
    for wrong in (x[0], x[:, 1:], x[:, :, :2]):
        with pytest.raises(ValueError, match="expected"):
            kernel(wrong, kept, bias)


def test_what_is_not_taken():
    generator = np.random.default_rng(0)
    x, bias = floats(generator, 1, 8, 9, 9), floats(generator, 16)
    weight = freeze(packed_weight(floats(generator, 16, 8, 3, 3)))
    replacement = REPLACEMENTS["conv_packed"]
    with active():
        assert replacement(x, weight, bias) is not None
        assert replacement(x, weight, bias, pads="SAME_UPPER") is None
        assert replacement(x, weight, bias, pads=(-1, 0, 0, 0)) is None
        assert replacement(x, weight, bias[:4]) is None
        assert replacement(x, weight, bias[None]) is None
        assert replacement(x, weight, bias.astype(float)) is None
        assert replacement(x.astype(float), weight, bias) is None
        assert replacement(x, freeze(weight.astype(float)), bias) is None
        assert replacement(x.astype(">f4"), weight, bias) is None
        assert replacement(x[:0], weight, bias) is None
        assert replacement(x[:, :7], weight, bias) is None
        assert replacement(x[:, :, :2], weight, bias) is None
        assert replacement(x[0], weight, bias) is None
        assert replacement(x, weight, bias, group=3) is None
        assert replacement(x, weight, bias, group=0) is None
        assert replacement(x, weight, bias, strides=(0, 1)) is None
        assert replacement(x, weight, bias, strides=(1,)) is None
        assert replacement(x, weight, bias, plus=np.zeros((1, 16, 7, 1), "f")) is None
        assert replacement(x, weight, bias, plus=np.zeros((1, 16, 7, 7))) is None


def test_errors_are_those_of_numpy():
    kernel = accelerated(conv_packed)
    weight = freeze(np.ones((3, 3, 8, 16), np.float32))
    for x in (
        np.ones((1, 7, 9, 9), "f"),
        np.ones((8, 9, 9), "f"),
        np.ones((1, 8, 2, 9), "f"),
    ):
        with pytest.raises(ValueError, match="expected") as expected:
            conv_packed(x, weight)
        with active(), pytest.raises(ValueError) as found:
            kernel(x, weight)
        assert str(found.value) == str(expected.value)
