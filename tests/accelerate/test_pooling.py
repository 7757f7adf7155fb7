"""oneDNN's pooling against NumPy's."""

import numpy as np
import pytest

from onnx2py.accelerate.active import active
from onnx2py.accelerate.table import REPLACEMENTS
from onnx2py.kernels.pool import average_pool, global_average_pool
from onnx2py.kernels.pool_max import max_pool

from .compared import assert_same, floats, in_some_order


@pytest.mark.parametrize("seed", range(8))
def test_random(seed):
    generator = np.random.default_rng(seed)
    done = 0
    for _ in range(40):
        rank = int(generator.choice([1, 2, 2, 2, 3]))
        shape = generator.integers(1, 12 if rank < 3 else 7, rank + 2).tolist()
        x = in_some_order(generator, floats(generator, *shape))
        kernel = generator.integers(1, 5, rank)
        options = {"kernel_shape": tuple(kernel.tolist())}
        if generator.random() < 0.6:
            options["strides"] = tuple(generator.integers(1, 4, rank).tolist())
        if generator.random() < 0.6:
            most = generator.choice([np.tile(kernel, 2), np.full(2 * rank, 3)])
            options["pads"] = tuple(generator.integers(0, most).tolist())
        if generator.random() < 0.1:
            options["dilations"] = tuple(generator.integers(1, 3, rank).tolist())
        options["ceil_mode"] = bool(generator.random() < 0.4)
        include = {"count_include_pad": bool(generator.random() < 0.5)}
        for kernel_, more in ((max_pool, {}), (average_pool, include)):
            with active():
                y = REPLACEMENTS[kernel_.__name__](x, **options, **more)
            try:
                expected = kernel_(x, **options, **more)
            except ValueError:
                assert y is None
                continue
            if y is not None:
                done += 1
                assert_same(y, expected)
        with active():
            y = REPLACEMENTS["global_average_pool"](x)
        if y is not None:
            assert_same(y, global_average_pool(x))
            done += 1
    assert done > 30


def test_what_is_not_taken():
    x = floats(np.random.default_rng(0), 1, 8, 9, 9)
    pool = REPLACEMENTS["max_pool"]
    with active():
        assert pool(x, kernel_shape=(2, 2)) is not None
        assert pool(x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1) is not None
        assert pool(x, kernel_shape=(2, 2), pads="SAME_UPPER") is None
        assert pool(x, kernel_shape=(2, 2), pads=(2, 0, 0, 0)) is None
        assert pool(x, kernel_shape=(2, 2), dilations=(2, 1)) is None
        assert pool(x, kernel_shape=(10, 2)) is None
        assert pool(x, kernel_shape=(2,)) is None
        assert pool(x.astype(float), kernel_shape=(2, 2)) is None
        assert pool(x.astype(np.int16), kernel_shape=(2, 2)) is None
        assert pool(x[:0], kernel_shape=(2, 2)) is None
