"""Walking over large tensors in pieces."""

import numpy as np
import pytest

from onnx2py.kernels._blocks import BLOCK, blocks

BASE = np.arange(40 * 50 * 60, dtype=np.float32).reshape(40, 50, 60)
VIEWS = {
    "contiguous": BASE,
    "transposed": BASE.transpose(2, 0, 1),
    "reversed": BASE[::-1, :, ::-1],
    "strided": BASE[:, ::2],
    "broadcast": np.broadcast_to(BASE[:, :1], (40, 50, 60)),
    "of rank 0": np.asarray(np.float32(3)),
    "empty": BASE[:0],
}


@pytest.mark.parametrize("name", VIEWS)
def test_each_element_is_met_with_its_place(name):
    x = VIEWS[name]
    y = np.empty_like(x)
    for a, out in blocks(x, y):
        assert a.size <= BLOCK
        np.add(a, 1, out=out)
    np.testing.assert_array_equal(y, x + 1)
