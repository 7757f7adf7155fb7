"""What the constructor of an object of a block is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Union

import numpy as np

from ..ir import blocks
from ..ir.program import Argument, Kernel
from ..ir.types import tensor_type_of
from .arrays import digest_of


@dataclass(frozen=True)
class Constant:
    """A constant of the program, or what the setup makes, which the model holds."""

    name: str


@dataclass(frozen=True)
class Shared:
    """An instance that several objects hold."""

    block: str
    number: int


@dataclass(frozen=True)
class Choice:
    """A kernel of a convolution with its options, and what prepares the weight for it."""

    kernel: Kernel
    prepare: Kernel | None = None


Given = Union[Argument, Choice, np.ndarray, Constant, Shared]
"""What a constructor is given: a literal, a kernel, a small array, or something shared."""


def key_of(value: Given) -> Any:
    """Return a key that tells what a constructor is given from all else: 1 is not True."""
    if isinstance(value, Choice):
        return (key_of(value.kernel), value.prepare and key_of(value.prepare))
    if isinstance(value, tuple):
        return tuple(map(key_of, value))
    if isinstance(value, np.ndarray):
        return (str(tensor_type_of(value)), digest_of(value))
    return blocks.key_of(value)


def leaves(value: Given) -> Iterator[Given]:
    """Yield what is in nested tuples."""
    if isinstance(value, tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def is_plain(value: Given) -> bool:
    """Whether something can be written down anywhere: the model holds none of it."""
    return not any(isinstance(each, (Constant, Shared)) for each in leaves(value))
