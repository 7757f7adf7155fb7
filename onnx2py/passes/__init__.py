"""Graph -> Graph, one pass a file; the graph is valid after each of them.

=======  ============  =======================================================================
T1       constants     nodes that are constants -> constants
W1-W5    widen         values in half precision -> float32, rounded where the graph says so
F1-F4    fold          what is known -> constants
L1-L2    functions     constant arguments into functions; functions of one node -> that node
I1       branches      If with a constant condition -> the branch
N1-N9    no_ops        nodes that do nothing -> their inputs
D1-D3    dead_code     what is not read -> nothing
E1       duplicates    nodes that compute the same -> the first of them
U1       unrolled      what is done to each slice of an axis -> done once, to all
P1-P7    fuse          patterns of exporters -> the operators they stand for
Y1-Y7    symbols       lengths that the file leaves open -> followed through the graph
R1-R2    channels      scales and shifts -> moved to the weights that they can be part of
B1-B3    batch_norm    batch normalization and other constants per channel -> part of weights
O1       order         activation, then max pooling -> the other way round
=======  ============  =======================================================================

No letter is also one of the planner's (see :mod:`onnx2py.plan`).
"""

from __future__ import annotations

from collections.abc import Callable, Container

from ..gradient import differentiate
from ..ir.check import check
from ..ir.graph import Graph
from .batch_norm import fold_batch_norm
from .branches import settle_branches
from .channels import move_scales, scale_tables
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
    scale_tables,
    fold_batch_norm,
    pool_before_activation,
    remove_dead_code,
)


def run_passes(graph: Graph, *, level: int, left_out: Container[str] = ()) -> Graph:
    """Run the passes of an optimization level, and check the graph after each.

    ``left_out`` has the names of those that do not suit the target.

    Raises
    ------
    InternalError
        If a pass left a graph that is not valid.
    """
    for each in (*ALWAYS, *(OPTIMIZING if level else ())):
        if each.__name__ not in left_out:
            graph = each(graph)
            check(graph, each.__name__)
    return graph
