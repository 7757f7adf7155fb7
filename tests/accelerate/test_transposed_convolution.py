"""oneDNN's transposed convolutions against NumPy's."""

import numpy as np
import pytest

from onnx2py.accelerate import transposed_convolution
from onnx2py.accelerate.active import accelerated, active
from onnx2py.accelerate.cache import freeze
from onnx2py.kernels.conv_transpose import conv_transpose_packed

from .compared import assert_same, floats, in_some_order


@pytest.fixture(autouse=True)
def of_any_size(monkeypatch):
    monkeypatch.setattr(transposed_convolution, "LEAST", 0)


def random_case(generator):
    """Return the parameters of a transposed convolution, and the shapes of its tensors."""
    rank = int(generator.choice([1, 2, 2, 2, 3]))
    n, c, m = generator.integers([1, 1, 1], [4, 20, 20]).tolist()
    sizes = generator.integers(1, 9 if rank < 3 else 5, rank).tolist()
    kernel = generator.integers(1, 5, rank).tolist()
    options = {}
    strides, dilations = [1] * rank, [1] * rank
    if generator.random() < 0.7:
        strides = options["strides"] = generator.integers(1, 4, rank).tolist()
    if generator.random() < 0.3:
        dilations = options["dilations"] = generator.integers(1, 4, rank).tolist()
    if generator.random() < 0.5:
        options["pads"] = generator.integers(0, 3, 2 * rank).tolist()
    if generator.random() < 0.4:
        options["output_padding"] = [
            int(generator.integers(max(s, d)))
            for s, d in zip(strides, dilations, strict=True)
        ]
    return (n, c, *sizes), (c, *kernel, m), options


@pytest.mark.parametrize("seed", range(4))
def test_results(seed):
    generator = np.random.default_rng(seed)
    computed = 0
    for _ in range(60):
        shape, weight_shape, options = random_case(generator)
        x = in_some_order(generator, floats(generator, *shape))
        weight = freeze(floats(generator, *weight_shape))
        bias = floats(generator, weight_shape[-1])
        bias = [bias, np.repeat(bias, 2)[::2], None][generator.integers(3)]
        expected = conv_transpose_packed(x, weight, bias, **options)
        with active():
            for _ in range(2):  # made, and kept
                y = transposed_convolution.conv_transpose_packed(
                    x, weight, bias, **options
                )
                if y is not None:
                    assert_same(y, expected)
                    computed += 1
    assert computed > 50


def test_channels_stay_last():
    generator = np.random.default_rng(4)
    weight = freeze(floats(generator, 16, 2, 2, 24))
    with active():
        y = transposed_convolution.conv_transpose_packed(
            floats(generator, 1, 16, 10, 10), weight, strides=(2, 2)
        )
    assert y.transpose(0, 2, 3, 1).flags.c_contiguous


@pytest.mark.parametrize(
    ("x", "weight", "options"),
    [
        ((1, 4, 5, 5), (3, 2, 2, 4), {}),  # other channels
        ((1, 4, 5, 5), (4, 2, 2, 4), {"pads": "SAME_UPPER"}),
        ((1, 4, 5, 5), (4, 2, 2, 4), {"output_shape": (5, 5)}),
        ((1, 4, 5, 5), (4, 2, 2, 4), {"pads": (4, 4, 4, 4)}),  # one element less
        ((1, 4, 5, 5), (4, 2, 2, 4), {"pads": (-1, 0, 0, 0)}),
        ((1, 4, 5, 5), (4, 2, 2, 4), {"output_padding": (1, 0)}),  # beyond all windows
        ((1, 4, 5), (4, 2, 2, 4), {}),
        ((1, 4, 0, 5), (4, 2, 2, 4), {}),
        ((1, 4, 5, 5, 5, 5), (4, 1, 1, 1, 1, 4), {}),
    ],
)
def test_not_taken(x, weight, options):
    generator = np.random.default_rng(5)
    weight = freeze(floats(generator, *weight))
    with active():
        y = transposed_convolution.conv_transpose_packed(
            floats(generator, *x), weight, **options
        )
    assert y is None


def test_other_arguments_are_not_taken():
    generator = np.random.default_rng(6)
    x, weight = floats(generator, 1, 4, 5, 5), floats(generator, 4, 2, 2, 4)
    compute = transposed_convolution.conv_transpose_packed
    with active():
        assert compute(x, weight) is None  # may be written
        freeze(weight)
        assert compute(x.astype(np.float64), weight) is None
        assert compute(x, weight, np.zeros(4)) is None
        assert compute(x, weight, np.zeros(3, np.float32)) is None
        assert compute(x, weight) is not None


def test_small_ones_are_left_to_numpy(monkeypatch):
    monkeypatch.setattr(transposed_convolution, "LEAST", 10**9)
    generator = np.random.default_rng(7)
    weight = freeze(floats(generator, 4, 2, 2, 4))
    x = floats(generator, 1, 4, 5, 5)
    with active() as use:
        y = accelerated(conv_transpose_packed)(x, weight)
    assert not use.taken
    np.testing.assert_array_equal(y, conv_transpose_packed(x, weight))
