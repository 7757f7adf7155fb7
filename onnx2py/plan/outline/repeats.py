"""Runs that occur several times in a sequence of numbers: the doubling of Karp, Miller, Rosenberg.

Runs of 1, 2, 4 ... numbers are numbered so that equal ones have the same number; two runs of any
length are equal if their first and last such parts are. So nothing rests on hashes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

MOST_PHASES = 300
"""Of a period: where in it windows may begin."""


class Repeats:
    """What repeats in a sequence of numbers, in O(n log n)."""

    def __init__(self, numbers: np.ndarray) -> None:
        self.size = len(numbers)
        self.ranks = [np.unique(numbers, return_inverse=True)[1].astype(np.int64)]
        while self.ranks[-1].max(initial=0) + 1 < self.size:
            rank, half = self.ranks[-1], 1 << (len(self.ranks) - 1)
            second = np.arange(self.size) + self.size  # past the end: all different
            second[:-half] = rank[half:]
            pairs = rank * (2 * self.size) + second
            inverse = np.unique(pairs, return_inverse=True)[1]
            self.ranks.append(inverse.astype(np.int64))
        self.order = np.argsort(self.ranks[-1], kind="stable")
        self.shared = self._shared(self.order[:-1], self.order[1:])

    def _shared(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return how many numbers two runs begin with, for each pair of beginnings."""
        length = np.zeros(len(left), np.int64)
        for level in reversed(range(len(self.ranks))):
            a, b = left + length, right + length
            is_inside = (a < self.size) & (b < self.size)
            same = np.zeros(len(left), bool)
            rank = self.ranks[level]
            same[is_inside] = rank[a[is_inside]] == rank[b[is_inside]]
            length += same * (1 << level)
        return length

    def keys(self, length: int) -> np.ndarray:
        """Return a number for each run of a length, the same for those that are equal."""
        level = length.bit_length() - 1
        if level >= len(self.ranks):
            return np.arange(self.size - length + 1)
        rank, count = self.ranks[level], self.size - length + 1
        last = rank[length - (1 << level) :][:count]
        return rank[:count] * (self.size + 1) + last

    def runs(self, least: int) -> Iterator[tuple[int, int, int]]:
        """Yield length, first and last place in the order of the longest runs that are equal."""
        stack: list[tuple[int, int]] = []  # length, first place
        for place, length in enumerate([*self.shared.tolist(), 0]):
            first = place
            while stack and stack[-1][0] > length:
                deep, first = stack.pop()
                if deep >= least:
                    yield deep, first, place
            if length and (not stack or stack[-1][0] < length):
                stack.append((length, first))

    def candidates(
        self, least: int, lines: np.ndarray
    ) -> Iterator[tuple[int, int, list[int]]]:
        """Yield a bound, a length, and where runs of it begin that are equal and do not overlap.

        The bound is what they spare of ``lines``, of which each number has some; the largest
        come first. Of runs that follow each other at once, all phases are candidates.
        """
        total = np.concatenate(([0], np.cumsum(lines))).tolist()
        longest = []
        for length, first, last in self.runs(least):
            times = min(last - first + 1, self.size // length)
            start = int(self.order[first])
            spared = max(times - 1, 1) * (total[start + length] - total[start])
            longest.append((-spared, length, first, last))
        seen: set[tuple[int, int]] = set()
        for spared, length, first, last in sorted(longest):
            for period, start in self._windows(length, first, last):
                places = self._apart(period, start, seen) if period >= least else []
                if len(places) > 1:
                    yield -spared, period, places

    def _windows(self, length: int, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield lengths and beginnings of what repeats in equal runs, which may overlap."""
        begins = np.sort(self.order[first : last + 1])
        steps = np.diff(begins)
        for period in sorted(set(steps[steps < length].tolist())):
            start = int(begins[:-1][steps == period][0])
            yield from ((period, start + i) for i in range(min(period, MOST_PHASES)))
        yield length, int(begins[0])

    def _apart(self, length: int, start: int, seen: set[tuple[int, int]]) -> list[int]:
        """Return where runs begin that are equal to one, and do not overlap."""
        if getattr(self, "_length", None) != length:
            self._length, self._keys = length, self.keys(length)
        key = int(self._keys[start])
        if (length, key) in seen:
            return []
        seen.add((length, key))
        places: list[int] = []
        for place in np.flatnonzero(self._keys == key).tolist():
            if not places or place >= places[-1] + length:
                places.append(place)
        return places
