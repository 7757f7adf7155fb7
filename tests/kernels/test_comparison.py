"""Numbers of the tests that NumPy lacks."""

import ml_dtypes
import numpy as np
import pytest

from onnx2py.kernels.comparison import is_inf


@pytest.mark.parametrize("dtype", [np.float16, np.float32, ml_dtypes.bfloat16])
@pytest.mark.parametrize("negative", [True, False])
@pytest.mark.parametrize("positive", [True, False])
def test_signs_of_infinity(dtype, negative, positive):
    x = np.array([-np.inf, -1, np.nan, 0, np.inf], dtype)
    y = is_inf(x, detect_negative=negative, detect_positive=positive)
    assert y.dtype == np.bool_
    assert y.tolist() == [negative, False, False, False, positive]
    scalar = is_inf(x[4:].reshape(()), detect_negative=False)
    assert isinstance(scalar, np.ndarray) and scalar
