"""Sequences and optional values, by hand."""

import numpy as np
import pytest

from onnx2py.kernels import sequence as kernels


def test_lists_are_not_changed():
    items = kernels.sequence_construct(1, 2)
    assert kernels.sequence_empty() == []
    assert kernels.sequence_insert(items, 3) == [1, 2, 3]
    assert kernels.sequence_insert(items, 3, np.array(-2)) == [3, 1, 2]
    assert kernels.sequence_erase(items) == [1]
    assert kernels.sequence_erase(items, np.array(0)) == [2]
    assert kernels.sequence_at(items, np.array(-1)) == 2
    assert items == [1, 2]
    length = kernels.sequence_length(items)
    assert (length.shape, length.dtype, length.item()) == ((), np.int64, 2)


@pytest.mark.parametrize("position", [2, -3])
def test_positions_outside(position):
    with pytest.raises(IndexError):
        kernels.sequence_at([1, 2], position)
    with pytest.raises(IndexError):
        kernels.sequence_erase([1, 2], position)
    with pytest.raises(IndexError, match="expected position from -1 to 1"):
        kernels.sequence_insert([1], 3, position)


def test_split_to_sequence():
    x = np.arange(6).reshape(2, 3)

    def parts(*args, **kwargs):
        return [part.tolist() for part in kernels.split_to_sequence(x, *args, **kwargs)]

    assert parts() == [[[0, 1, 2]], [[3, 4, 5]]]
    assert parts(keepdims=False) == [[0, 1, 2], [3, 4, 5]]
    assert parts(np.array(2), axis=-1) == [[[0, 1], [3, 4]], [[2], [5]]]
    assert parts(np.array([1, 2]), axis=1) == [[[0], [3]], [[1, 2], [4, 5]]]
    assert all(
        isinstance(part, np.ndarray)
        for part in kernels.split_to_sequence(x[0], keepdims=False)
    )
    with pytest.raises(ValueError, match="expected parts of 2 in all"):
        parts((1, 2))


def test_optional():
    assert kernels.optional(3) == 3
    assert kernels.optional() is None
    assert kernels.optional_has_element(np.zeros(2)).item() is True
    assert kernels.optional_has_element(None).item() is False
    assert kernels.optional_get_element(3) == 3
    with pytest.raises(ValueError, match="got an empty optional"):
        kernels.optional_get_element(None)
