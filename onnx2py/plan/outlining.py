"""Blocks: what repeats becomes a class, its instances and loops over them.

G3  Statements that follow each other are alike if they are the same operations, whose arguments
    are the same results of them or come from elsewhere. Values, weights and most literals differ,
    and the kernels of convolutions, which their shapes choose.
G4  Whole modules of the network -> blocks, if it says which statements are of which; then
    whatever else repeats.
G5  Of all that is alike, what spares most lines comes first, and nothing that spares few.
G6  What differs -> an input, a weight or a setting of the block; instances of which nothing
    differs are one.
G7  Calls of a block that follow each other -> a loop.
G8  Classes are called as the exporter calls them, or their modules, or after what they do.
G9  Instances are called as their modules are within those of their callers.
G10 Objects of a target that has modules are those of the original network: what they hold is
    below one path, and nothing else reads it.
V1  Classes of one module that differ by a call -> one; some of its instances have no such call.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.blocks import Outline
from ..ir.program import Program
from .outline.assembly import blocks_of
from .outline.attributes import with_attributes, with_modules
from .outline.classes import named
from .outline.loops import with_loops
from .outline.pool import Pool
from .outline.search import search
from .outline.tree import ModuleTree, Placing
from .outline.variants import with_variants

LEAST_GAIN = 0.15
"""What an outline has to spare of the lines of a program."""


def outline(program: Program, placing: Placing | None = None) -> Program:
    """Give a program an outline: with blocks if these spare enough (rules G3 to G10 and V1).

    ``placing`` is that of a target whose objects are modules (rule G10).
    """
    pool = Pool(program, None if placing is None else ModuleTree(program, placing))
    before = pool.size()
    search(pool)
    pool.dissolve()
    if not pool.blocks or pool.size() > (1 - LEAST_GAIN) * before:
        return replace(program, outline=Outline(program.statements, {}))
    statements = pool.statements()
    if placing is None:
        statements = with_variants(program, pool, statements)
    statements, modules = named(statements, pool.blocks)
    outlined = with_loops(blocks_of(program, statements))
    if placing is None:
        return replace(program, outline=with_attributes(outlined, modules))
    return replace(program, outline=with_modules(outlined))
