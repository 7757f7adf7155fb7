"""MurmurHash3, for strings and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def murmur_hash3(
    x: NDArray[Any], *, seed: int = 0, positive: bool = True
) -> NDArray[Any]:
    """Return the MurmurHash3_x86_32 of the bytes of each element of ``x``.

    Parameters
    ----------
    x : strings, hashed in UTF-8, or numbers of four or eight bytes, little-endian
    seed : initial value of the hash
    positive : whether the result is uint32 rather than int32

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MurmurHash3
    """
    if x.dtype.kind in "OU":
        texts = [str(text).encode() for text in x.ravel()]
        hashes = np.array([_hash_bytes(text, seed) for text in texts], np.uint32)
    else:
        words = np.ascontiguousarray(x).reshape(-1, 1).view("<u4")
        hashes = np.full(len(words), seed & 0xFFFFFFFF, np.uint32)
        for word in words.T:
            hashes = _mixed(hashes, word)
        hashes = _finished(hashes, x.dtype.itemsize)
    hashes = hashes.reshape(x.shape)
    return hashes if positive else hashes.view(np.int32)


def _hash_bytes(text: bytes, seed: int) -> Any:
    whole = len(text) // 4 * 4
    hashes = np.array([seed & 0xFFFFFFFF], np.uint32)
    for word in np.frombuffer(text[:whole], "<u4").reshape(-1, 1):
        hashes = _mixed(hashes, word)
    if whole < len(text):
        rest = np.array([int.from_bytes(text[whole:], "little")], np.uint32)
        hashes = hashes ^ _scrambled(rest)
    return _finished(hashes, len(text))[0]


def _scrambled(word: Any) -> NDArray[Any]:
    word = np.asarray(word, np.uint32) * np.uint32(0xCC9E2D51)
    word = (word << np.uint32(15)) | (word >> np.uint32(17))
    return np.asarray(word * np.uint32(0x1B873593))


def _mixed(hashes: NDArray[Any], word: Any) -> NDArray[Any]:
    hashes = hashes ^ _scrambled(word)
    hashes = (hashes << np.uint32(13)) | (hashes >> np.uint32(19))
    return np.asarray(hashes * np.uint32(5) + np.uint32(0xE6546B64))


def _finished(hashes: NDArray[Any], length: int) -> NDArray[Any]:
    hashes = hashes ^ np.uint32(length)
    hashes = (hashes ^ (hashes >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    hashes = (hashes ^ (hashes >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return np.asarray(hashes ^ (hashes >> np.uint32(16)))
