"""Numbers of the conversions that NumPy lacks."""

import ml_dtypes
import numpy as np
import pytest

from onnx2py.kernels import casting


def test_strings_of_numbers():
    x = np.array([[0.1, 1e10], [np.nan, -np.inf], [-0.0, 123456789]])
    y = casting.cast_to_strings(x)
    assert y.dtype == object
    assert y.tolist() == [["0.1", "1e+10"], ["NaN", "-INF"], ["-0", "1.2345679e+08"]]
    assert casting.cast_to_strings(np.int8([-1])).tolist() == ["-1"]
    assert casting.cast_to_strings(np.array([True, False])).tolist() == ["1", "0"]
    assert casting.cast_to_strings(np.uint64(2**64 - 1)).item() == str(2**64 - 1)


def test_numbers_of_strings():
    x = np.array(["3.5", " 1e-5", "NaN", "+INF", "-inf"], object)
    y = casting.cast_from_strings(x, np.float32)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, np.float32([3.5, 1e-5, np.nan, np.inf, -np.inf]))
    y = casting.cast_from_strings(np.array(["100.5", "-1", "300"], object), np.int8)
    np.testing.assert_array_equal(y, np.int8([100, -1, 44]))
    y = casting.cast_from_strings(np.array(["0", "2"], object), np.bool_)
    np.testing.assert_array_equal(y, [False, True])


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.bool_])
def test_what_is_no_number_is_an_error(dtype):
    with pytest.raises(ValueError, match="abc"):
        casting.cast_from_strings(np.array(["abc"], object), dtype)


def test_cast_by_the_type_met():
    assert casting.cast(np.array(["2"], object), np.int8).tolist() == [2]
    assert casting.cast(np.array([2]), np.object_).tolist() == ["2"]
    assert casting.cast(np.float32([2.9]), np.int8).tolist() == [2]
    assert casting.cast(np.array(["a"], object), np.object_).tolist() == ["a"]
    assert casting.cast_like(np.float32([2.9]), np.array([True])).tolist() == [True]
    with pytest.raises(TypeError, match="expected a type of NumPy, got bfloat16"):
        casting.cast_like(np.float32([1]), np.ones(1, ml_dtypes.bfloat16))


@pytest.mark.parametrize(
    ("dtype", "largest"),
    [(ml_dtypes.float8_e4m3fn, 448.0), (ml_dtypes.float8_e5m2, 57344.0)],
)
def test_saturation(dtype, largest):
    x = np.array([1e6, -np.inf, np.nan, 1.5, 449], np.float64)
    y = casting.cast_saturated(x, dtype, largest=largest)
    assert y.dtype == dtype
    expected = [largest, -largest, np.nan, 1.5, 448]
    np.testing.assert_array_equal(y.astype(np.float32), expected)


def test_narrow_integers_are_rounded_and_wrapped():
    x = np.float32([-8.5, -0.5, 0.4, 0.5, 1.5, 7.5, 8])
    y = casting.cast_rounded(x, ml_dtypes.int4)  # as onnxruntime 1.32 does
    np.testing.assert_array_equal(y.astype(np.int8), [7, -1, 0, 1, 2, -8, -8])


def test_types_between_which_there_is_no_direct_way():
    x = np.array([3, -2], np.int8).astype(ml_dtypes.int4)
    y = casting.cast_through_float32(x, ml_dtypes.float6_e2m3fn)
    assert y.dtype == ml_dtypes.float6_e2m3fn
    np.testing.assert_array_equal(y.astype(np.float32), [3, -2])
    y = casting.cast_rounded(x, ml_dtypes.uint2)
    np.testing.assert_array_equal(y.astype(np.int8), [3, 2])


@pytest.mark.parametrize(
    ("round_mode", "expected"),
    [("up", [1, 2, 4, 4]), ("down", [1, 1, 2, 2]), ("nearest", [1, 2, 2, 4])],
)
def test_powers_of_two(round_mode, expected):
    x = np.float32([1, 1.5, 2.5, 3.5])
    y = casting.cast_to_exponents(x, ml_dtypes.float8_e8m0fnu, round_mode=round_mode)
    np.testing.assert_array_equal(y.astype(np.float32), expected)


def test_powers_of_two_beyond_the_greatest():
    x = np.float32([0, 2.0**-128, 3e38, np.inf, np.nan])  # ONNX has a table of them
    dtype = ml_dtypes.float8_e8m0fnu
    y = casting.cast_to_exponents(x, dtype).astype(np.float32)
    least, most = 2.0**-127, 2.0**127
    np.testing.assert_array_equal(y, np.float32([least, least, most, most, np.nan]))
    y = casting.cast_to_exponents(x, dtype, saturate=False, round_mode="nearest")
    assert np.isnan(y.astype(np.float32)).all()


@pytest.mark.parametrize(
    ("round_mode", "steps"),
    [("up", [0, 1, 1]), ("down", [0, 0, 0]), ("nearest", [0, 0, 1])],
)
def test_powers_of_two_among_the_subnormal_numbers(round_mode, steps):
    x = np.float32([1, 1.25, 1.5]) * np.float32(2.0**-127)
    y = casting.cast_to_exponents(x, ml_dtypes.float8_e8m0fnu, round_mode=round_mode)
    assert y.view(np.uint8).tolist() == steps
