"""The facts that are noted of a function that a package may call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional, Union

from ..ir.program import Call
from .costs import Count, free

ANY, FIRST = "any", "first"


@dataclass(frozen=True)
class Kernel:
    """A row of the tables of functions.

    What is left out is not relied on: a row without facts is of a function that may return an
    argument or a view of it, and whose cost is not known.

    Attributes
    ----------
    new : bool, or a function of a call
        Whether results are new arrays, none of which shares memory with another or with an
        argument, and which can be written to.
    view : bool
        Whether the one result is the first argument or a view or a copy of it, with its elements
        and no others; it can be written to if the first argument can.
    out : str or None
        Which operand the result may be written over, by ``out=``: ``ANY``, or the ``FIRST``.
        Each element is read before it is written.
    random : bool
        Whether it draws random numbers, so that two calls differ.
    lengths : tuple of int
        Which positional arguments may be tuples of Python numbers.
    numbers : tuple of int
        Which positional arguments may be one Python number.
    activation : bool
        Whether it computes each element of one tensor by itself, with options that are numbers:
        what a call before it may take in.
    continues : bool
        Whether it takes in what follows it, by ``plus`` and ``activation``.
    beside : bool
        Whether a Python number may stand beside a tensor of int64, whose dtype the result has.
    last_axis : bool
        Whether it makes the first axis of weights the last.
    steps : int
        How many calls it stands for: what a reader is spared of where it repeats.
    operator : str
        The operation of which it is one of several kernels: the shapes say which one suits.
    cost : Count or None
        The number of multiply-adds: ``free`` where there are no matrix products and convolutions,
        None where it is unknown.
    """

    new: Union[bool, Callable[[Call], bool]] = False
    view: bool = False
    out: Optional[str] = None
    random: bool = False
    lengths: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()
    activation: bool = False
    continues: bool = False
    beside: bool = False
    last_axis: bool = False
    steps: int = 1
    operator: str = ""
    cost: Optional[Count] = None

    def makes_new(self, call: Call) -> bool:
        """Whether a call of the function returns new arrays."""
        return self.new if isinstance(self.new, bool) else self.new(call)


NEW = Kernel(new=True, cost=free)
ELEMENTWISE = Kernel(new=True, out=ANY, cost=free)
ACTIVATION = Kernel(new=True, activation=True, cost=free)
VIEW = Kernel(view=True, cost=free)
OTHER = Kernel(cost=free)
"""The rows of most functions."""


def several(call: Call) -> bool:
    """Whether there are several operands: of one, it may be the operand itself."""
    return len(call.args) > 1


def larger_window(call: Call) -> bool:
    """Whether windows have more than one element: of one, results may be a view."""
    kernel_shape = call.kwargs.get("kernel_shape")
    return isinstance(kernel_shape, tuple) and max(kernel_shape) > 1
