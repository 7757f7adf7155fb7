"""Lengths that are sums of others, as symbols: ``past+new``, ``new+1``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from .types import Dim


class Sum(str):
    """A sum of symbols and a number, none of them negative.

    It is spelt in one way only, so that sums are the same if their spellings are.
    """

    terms: tuple[str, ...]
    number: int

    @classmethod
    def of(cls, terms: tuple[str, ...], number: int) -> Dim:
        """Return the sum, which may be a symbol or a number alone."""
        if not terms:
            return number
        if number < 0:
            return None
        if len(terms) == 1 and not number:
            return terms[0]
        terms = tuple(sorted(terms))
        found = cls("+".join([*terms, *([str(number)] if number else [])]))
        found.terms, found.number = terms, number
        return found


def _parts(length: int | str) -> tuple[tuple[str, ...], int]:
    if isinstance(length, int):
        return (), length
    if isinstance(length, Sum):
        return length.terms, length.number
    return (length,), 0


def plus(a: Dim, b: Dim) -> Dim:
    """Return ``a + b``."""
    if a is None or b is None:
        return None
    (left, m), (right, n) = _parts(a), _parts(b)
    return Sum.of((*left, *right), m + n)


def minus(a: Dim, b: Dim) -> Dim:
    """Return ``a - b`` if it is known not to be negative, or if both are numbers."""
    if a is None or b is None:
        return None
    (left, m), (right, n) = _parts(a), _parts(b)
    terms = Counter(left)
    terms.subtract(right)
    if min(terms.values(), default=0) < 0:
        return None
    return Sum.of(tuple(terms.elements()), m - n)


def times(a: Dim, b: Dim) -> Dim:
    """Return ``a * b`` if both are numbers, or one is 0 or 1."""
    for x, y in ((a, b), (b, a)):
        if x == 0:
            return 0 if y is not None else None
        if x == 1:
            return y
    return a * b if isinstance(a, int) and isinstance(b, int) else None


def equal(a: Dim, b: Dim) -> Dim:
    """Return whether these are the same, 1 or 0, or None if that is not known."""
    if a is None or b is None:
        return None
    if isinstance(a, int) and isinstance(b, int):
        return int(a == b)
    if a == b:
        return 1
    (left, m), (right, n) = _parts(a), _parts(b)
    differ = (not left and m < n) or (not right and n < m)  # as symbols are 0 or more
    return 0 if differ else None


def renamed(length: Dim, names: Mapping[str, str]) -> Dim:
    """Return a length with other names of symbols, those in sums too."""
    if not isinstance(length, str):
        return length
    terms, number = _parts(length)
    return Sum.of(tuple(names.get(term, term) for term in terms), number)
