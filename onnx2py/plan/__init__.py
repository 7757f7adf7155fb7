"""Program -> Program: numbered rules in order.

=====  =================  ====================================================================
K1     prepared           batch normalization by constants -> one product and one sum
K2     prepared           products of several matrices and one -> one large product
K3     prepared           products of integers and constants -> floats without a zero point
K4     prepared           functions of 8-bit numbers -> a table of 256
K5     prepared           LSTM and GRU by constants -> their weights packed
S1     hoist              what depends on weights alone is computed when they are loaded
S2     unpack             weights of few bits in blocks -> floats, when they are loaded
S3     unpack             weights that are floats of 4 bits -> floats, when they are loaded
S4     unpack             a dynamically quantized LSTM gets its weights less their zero points
A1     attention          products around a softmax -> ``dot_product_attention``
A2     attention          ... scaled by a constant -> its ``scale``
A3     attention          ... plus a mask -> its ``mask``
A4     attention          ... without NaN -> its ``zero_for_nan``
A5     attention          ... of repeated heads -> its ``groups``
Q2     fake_quantize      numbers stored in 8 bits and read again -> rounded in place
Q5     fake_quantize      ... that were already rounded so -> nothing
Q9     quantized_matmul   products of integers, with their scales and bias -> one call
Q3     quantized_matmul   products of dynamically quantized numbers -> products of floats
J1     merge_products     products of one value, soon after each other -> one product
J2     merge_products     the scale and bias of a normalization -> part of the matrices behind it
A6     query_scales       attention's scale -> part of the matrix that its queries come from
J3     linear             products by one matrix, plus a bias -> ``linear``
Q1     quantized_conv     convolutions of 8-bit integers -> convolutions of floats
Q4     quantized_conv     ... without integers from one to the next
C1     convolutions       convolutions by constant weights -> packed, channels last in memory
C2     convolutions       ... of one element -> a product
C3     convolutions       ... of each channel by itself -> depthwise
C4     convolutions       ... of 3 x 3 over many channels -> Winograd's algorithm
C5     convolutions       transposed convolutions by constant weights -> packed
C6     means              means of whole images -> global average pooling
C7     shuffles           groups of channels that are interleaved -> ``shuffle_channels``
Q6     quantized_calls    convolutions of integers by way of floats -> from integers to integers
Q7     quantized_calls    ... of numbers that are rounded to 8 bits, and products and sums
Q8     quantized_calls    ... and what only picks or moves numbers between them
Z1     continued          a product or convolution, then an activation -> its ``activation``
Z2     continued          ... a sum with a value of the same shape -> its ``plus``
Z3     continued          ... where NumPy multiplies by one matrix -> of ``project``
X1     engine             products of NumPy -> ``multiply``, where kernels can call an engine
H1     lengths            shapes, and what is computed of them -> ``b, t = x.shape``, and arithmetic
H2     lengths            reshapes to 0 or -1 -> to numbers and names
H3     expansions         expanding to the lengths that a reshape has just given -> nothing
G1     gather             statements of one module -> next to each other
G2     gather             what the first of several modules computes for all -> before it
M1     release            large values after their last read -> freed
M2     in_place           ... where an elementwise result has room in their memory -> overwritten
G3     outlining          what is alike but for values, weights and literals ...
G4     outlining          ... whole modules first, then whatever repeats ...
G5     outlining          ... and spares its reader lines -> blocks
G6     outlining          what differs in a block -> inputs, weights and settings
G7     outlining          calls of a block, one after the other -> loops
G8     outlining          classes -> names of modules
G9     outlining          instances -> names of modules
V1     outlining          classes of one module that differ by a call -> one, some without it
=====  =================  ====================================================================

Letters: K constants, S setup, A attention, Q quantization, J joined products, C convolutions,
Z what follows products, X engine, H lengths, G grouping, V variants, M memory. The rules stand in
the order of their application, and each is told in full in its file. Rules of grouping are not
among :data:`RULES`, but among :data:`OUTLINING`; Q6 to Q9 and X1 are for packages that are compiled
with ``--accelerate``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..ir.check import check_program
from ..ir.program import Program
from .attention import fuse_attention
from .continued import take_in_what_follows
from .convolutions import choose_convolutions
from .engine import give_products_to_the_engine
from .expansions import drop_expansions
from .fake_quantize import round_in_place_of_storing
from .gather import gather
from .hoist import move_to_setup
from .in_place import write_in_place
from .lengths import write_lengths
from .linear import add_biases
from .means import pool_means
from .merge_products import absorb_scales, join_projections
from .outline.tree import Placing
from .outlining import outline
from .prepared import prepare_parameters
from .quantized_calls import compute_with_integers
from .quantized_conv import take_quantized_apart
from .quantized_matmul import multiply_rounded_numbers, scale_products
from .query_scales import fold_scales
from .release import free_values
from .shuffles import shuffle_groups
from .unpack import unpack_weights


class Rule(NamedTuple):
    """Numbered rules that one function applies."""

    numbers: tuple[str, ...]
    apply: Callable[[Program], Program]


RULES: tuple[Rule, ...] = (
    Rule(("K1", "K2", "K3", "K4", "K5"), prepare_parameters),
    Rule(("S1",), move_to_setup),
    Rule(("S2", "S3", "S4"), unpack_weights),
    Rule(("A1", "A2", "A3", "A4", "A5"), fuse_attention),
    Rule(("Q2", "Q5"), round_in_place_of_storing),
    Rule(("Q3",), multiply_rounded_numbers),
    Rule(("J1",), join_projections),
    Rule(("J2",), absorb_scales),
    Rule(("A6",), fold_scales),
    Rule(("J3",), add_biases),
    Rule(("Q1", "Q4"), take_quantized_apart),
    Rule(("C1", "C2", "C3", "C4", "C5"), choose_convolutions),
    Rule(("C6",), pool_means),
    Rule(("C7",), shuffle_groups),
    Rule(("Z1", "Z2", "Z3"), take_in_what_follows),
    Rule(("H1", "H2"), write_lengths),
    Rule(("H3",), drop_expansions),
    Rule(("M1",), free_values),
    Rule(("M2",), write_in_place),
)
"""What NumPy's packages are planned with, in order; another target leaves some out."""

ENGINE: tuple[Rule, ...] = (
    Rule(("Q9",), scale_products),
    Rule(("Q6", "Q7", "Q8"), compute_with_integers),
    Rule(("X1",), give_products_to_the_engine),
)
"""What packages need in addition whose kernels can call an engine."""


def with_engine(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return rules with those for an engine: integers stay whole before products take more in."""
    dynamic, integers, products = ENGINE
    late = [rule for rule in rules if rule.numbers[0][0] in "HM"]
    taking = [rule for rule in rules if rule.numbers[0][0] == "Z"]
    early = [rule for rule in rules if rule not in late and rule not in taking]
    place = next((i for i, rule in enumerate(early) if "Q3" in rule.numbers), 0)
    return (
        *(*early[:place], dynamic, *early[place:]),
        *(integers, *taking, products, *late),
    )


PlacingOf = Callable[[Program], Placing]
"""Returns where a target has what a program reads."""
_OUTLINE = ("G3", "G4", "G5", "G6", "G7", "G8", "G9")


def with_blocks(
    rules: Sequence[Rule], placing: PlacingOf | None = None
) -> tuple[Rule, ...]:
    """Return rules with those that make blocks: statements move before memory is planned.

    ``placing`` is that of a target whose objects are modules of the original network.
    """
    last = Rule((*_OUTLINE, "V1"), outline)
    if placing is not None:
        last = Rule((*_OUTLINE, "G10"), lambda p: outline(p, placing(p)))
    return (
        *(rule for rule in rules if rule.numbers[0][0] != "M"),
        Rule(("G1", "G2"), gather),
        *(rule for rule in rules if rule.numbers[0][0] == "M"),
        last,
    )


OUTLINING = with_blocks(RULES)
"""NumPy's rules, and those that make blocks of what repeats."""


CHECK_EACH = sys.flags.dev_mode
"""Whether programs are checked after each rule (``python -X dev``), not only after the last."""


def plan(program: Program, *, level: int, rules: Sequence[Rule] = RULES) -> Program:
    """Plan a program and check it; at level 0 it remains as it was lowered.

    Raises
    ------
    InternalError
        If a rule left a program that is not valid.
    """
    after = "lowering"
    for rule in rules if level else ():
        if CHECK_EACH:
            check_program(program, after)
        program = rule.apply(program)
        after = "rules " + ", ".join(rule.numbers)
    check_program(program, after)
    return program
