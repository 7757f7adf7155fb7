"""Program -> Program: what is computed when; and the one place where names are made."""

from __future__ import annotations

from ..ir.program import Program
from .attention import fuse_attention
from .convolutions import choose_convolutions
from .dynamic import multiply_rounded_numbers
from .few_bits import unpack_weights
from .free import free_values
from .in_place import write_in_place
from .joined import absorb_scales, join_projections
from .means import pool_means
from .quantized import take_quantized_apart
from .rounding import round_in_place_of_storing
from .scales import fold_scales
from .setup import move_to_setup


def plan(program: Program, *, level: int) -> Program:
    """Plan a program; at level 0 it remains as it was lowered."""
    if not level:
        return program
    program = unpack_weights(move_to_setup(program))
    program = round_in_place_of_storing(fuse_attention(program))
    program = join_projections(multiply_rounded_numbers(program))
    program = fold_scales(absorb_scales(program))
    program, exact = take_quantized_apart(program)
    program = pool_means(choose_convolutions(program, exact))
    return write_in_place(free_values(program))
