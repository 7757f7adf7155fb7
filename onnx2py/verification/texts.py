"""Text that numbers are written as: ``Cast`` to string, which each library spells its own way."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE | re.ASCII)
WHOLE = re.compile(r"[-+]?\d+", re.ASCII)


@dataclass(frozen=True)
class TextGaps:
    """How far the elements of two arrays of text are from each other, one entry each.

    ``differs`` says where texts are not the same; ``numbers`` where both spell numbers, which
    are ``gap`` apart of ``size``; ``whole`` where both spell whole numbers, as integers do.
    """

    differs: np.ndarray
    numbers: np.ndarray
    whole: np.ndarray
    gap: np.ndarray
    size: np.ndarray

    def wrong(self, limit: float) -> np.ndarray:
        """Return where texts differ by more than numbers may: the part ``limit`` of them."""
        close = self.numbers & ~self.whole & (self.gap <= limit * self.size)
        return np.asarray(self.differs & ~close)


def text_gaps(actual: np.ndarray, expected: np.ndarray) -> TextGaps:
    """Compare two arrays of text of one shape, element by element."""
    differs = np.asarray(actual != expected, bool)
    pairs = [
        (str(a), str(e)) for a, e in zip(actual[differs], expected[differs])
    ]  # few, as a rule
    numbers, whole = np.zeros(differs.shape, bool), np.zeros(differs.shape, bool)
    gap, size = np.zeros(differs.shape), np.zeros(differs.shape)
    numbers[differs] = [all(map(_is_number, pair)) for pair in pairs]
    whole[differs] = [all(map(WHOLE.fullmatch, pair)) for pair in pairs]
    spelled = [pair for pair in pairs if all(map(_is_number, pair))]
    gap[numbers] = [abs(float(a) - float(e)) for a, e in spelled]
    size[numbers] = [abs(float(e)) for _, e in spelled]
    return TextGaps(differs, numbers, whole, gap, size)


def _is_number(text: str) -> bool:
    """Whether text spells a number that is finite."""
    return bool(NUMBER.fullmatch(text)) and bool(np.isfinite(float(text)))
