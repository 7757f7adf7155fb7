"""Numbers of features."""

import numpy as np
import pytest

from onnx2py.kernels import ml_features

X = np.array([[3, -4], [0, 0]])


@pytest.mark.parametrize(
    "norm, expected",
    [("MAX", [1, -4 / 3]), ("L1", [3 / 7, -4 / 7]), ("L2", [0.6, -0.8])],
)
def test_rows_are_normalised(norm, expected):
    y = ml_features.normalizer(X, norm=norm)
    np.testing.assert_allclose(y, [expected, [0, 0]], rtol=1e-6)
    assert y.dtype == np.float32


def test_features_are_scaled():
    y = ml_features.scaler(X, offset=1.0, scale=np.array([2, 3], np.float32))
    assert y.tolist() == [[4, -15], [-2, -3]]


def test_values_are_imputed():
    x = np.array([[1, np.nan], [2, 3]], np.float32)
    y = ml_features.imputer(x, imputed_value=9.0, replaced_value=np.nan)
    assert y.tolist() == [[1, 9], [2, 3]]
    y = ml_features.imputer(X, imputed_value=np.array([7, 8]), replaced_value=0)
    assert y.tolist() == [[3, -4], [7, 8]]
    assert y.dtype == X.dtype
    y = ml_features.imputer(X, imputed_value=np.array([7, 8, 9]), replaced_value=0)
    assert y.tolist() == [[3, -4], [7, 7]]


def test_values_are_binarised():
    assert ml_features.binarizer(X, threshold=0.0).tolist() == [[1, 0], [0, 0]]


def test_features_are_extracted():
    assert ml_features.array_feature_extractor(X, (1, 1)).tolist() == [[-4, -4], [0, 0]]
    assert ml_features.array_feature_extractor(X[0], np.array([0])).tolist() == [[3]]
    with pytest.raises(IndexError):
        ml_features.array_feature_extractor(X, 2)


def test_features_are_put_together():
    y = ml_features.feature_vectorizer(X, X[:, :1], inputdimensions=(1, 2))
    assert y.tolist() == [[3, 3, 0], [0, 0, 0]]
    assert y.dtype == np.float32
