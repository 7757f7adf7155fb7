"""The facts that are noted of an operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Union

ELEMENTWISE, SAME, BROADCAST = "elementwise", "same", "broadcast"
NEVER, ONCE = "never", "once"

Results = tuple[Union[int, str], ...]
"""The element type of each result, or the number of the input that has it; the last one is that
of all further results."""

FIRST: Results = (0,)
"""All results have the element type of the first input."""


@dataclass(frozen=True)
class Operator:
    """A row of the table of operators.

    Attributes
    ----------
    shape : str or None
        Of the first result, from opset 7 on. ``SAME``: that of the first input.
        ``ELEMENTWISE``: also, and each element depends on the same element of the first input
        and on no other; further inputs are parameters. ``BROADCAST``: that to which all inputs
        broadcast. None: another, or one that is computed by a rule.
    moves : bool
        Whether results consist of elements of the first input, for Concat of all inputs.
    random : bool
        Whether it draws random numbers, so that two calls differ.
    grows : bool
        Whether a result can be far larger than the inputs: attributes or elements say how large.
    unbounded : bool
        Whether it can take any time or memory for an input of a few bytes.
    bodies : bool
        Whether it has subgraphs that lowering rules write as functions.
    counted : bool
        Whether it computes something else when it has fewer outputs.
    trains_before : int
        The opset before which the outputs that are given decide what it computes.
    typed : bool
        Whether half precision matters to it: computing in float32 gives other results.
    flat : bool
        Whether its derivative is 0 wherever it is defined.
    rounds : str or None
        ``NEVER``: results are among the inputs, or whole numbers; so are those that are moved.
        ``ONCE``: they are as close to the true ones as their type allows. None: neither.
    near_one : bool
        Whether it adds or subtracts about 1 inside, so that tiny results are what rounding leaves:
        onnxruntime's Sigmoid is 1/2 and a quotient, and 0 from -18 on.
    reads_shape : bool
        Whether it reads nothing but the shape of its input.
    results : tuple of int and str
        Element types of results where ONNX's inference does not know them.
    needs_types : bool
        Whether ONNX's inference crashes if the type of an input is unknown.
    index : (str, int) or None
        An attribute that ONNX's inference uses as an index without a check, and its minimum.
    """

    shape: Optional[str] = None
    moves: bool = False
    random: bool = False
    grows: bool = False
    unbounded: bool = False
    bodies: bool = False
    counted: bool = False
    trains_before: int = 0
    typed: bool = False
    flat: bool = False
    rounds: Optional[str] = None
    near_one: bool = False
    reads_shape: bool = False
    results: Results = ()
    needs_types: bool = False
    index: Optional[tuple[str, int]] = None

    @property
    def keeps_shape(self) -> bool:
        """Whether the first result has the shape of the first input."""
        return self.shape in (ELEMENTWISE, SAME)

    @property
    def repeatable(self) -> bool:
        """Whether its results depend on its inputs and attributes alone, no graph among them."""
        return not self.random and not self.bodies

    @property
    def is_exact(self) -> bool:
        """Whether it rounds nothing."""
        return self.moves or self.rounds == NEVER

    @property
    def unsafe(self) -> bool:
        """Whether ONNX's inference can crash at it."""
        return self.needs_types or self.index is not None
