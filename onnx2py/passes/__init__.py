"""Graph -> Graph, one pass a file; the graph is valid after each of them."""

from __future__ import annotations

from collections.abc import Callable

from ..gradient import differentiate
from ..ir.check import check
from ..ir.graph import Graph
from .batch_norm import fold_batch_norm
from .branches import settle_branches
from .channels import move_scales
from .constants import collect_constants
from .dead_code import remove_dead_code
from .duplicates import remove_duplicates
from .fold import fold_constants
from .functions import dissolve_functions, pass_constants_in
from .fuse import fuse_patterns
from .no_ops import remove_no_ops
from .order import pool_before_activation
from .symbols import follow_symbols
from .unrolled import roll_up
from .widen import widen_halves

Pass = Callable[[Graph], Graph]

ALWAYS: tuple[Pass, ...] = (collect_constants, differentiate)
"""What -O0 does: every other node remains one call, but for gradients."""

OPTIMIZING: tuple[Pass, ...] = (
    widen_halves,
    fold_constants,
    pass_constants_in,
    fold_constants,
    settle_branches,
    remove_no_ops,
    fold_constants,
    remove_dead_code,
    dissolve_functions,
    remove_duplicates,
    roll_up,
    fuse_patterns,
    follow_symbols,
    fold_constants,
    remove_no_ops,
    remove_duplicates,
    move_scales,
    fold_batch_norm,
    pool_before_activation,
    remove_dead_code,
)


def run_passes(graph: Graph, *, level: int) -> Graph:
    """Run the passes of an optimization level, and check the graph after each.

    Raises
    ------
    InternalError
        If a pass left a graph that is not valid.
    """
    for each in (*ALWAYS, *(OPTIMIZING if level else ())):
        graph = each(graph)
        check(graph, each.__name__)
    return graph
