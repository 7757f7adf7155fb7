"""JAX: ``model.py`` is pure functions of a tree of parameters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...ir.graph import Graph
from ...ir.program import Call, Program, Statement
from ...plan import Rule
from ...plan.traverse import with_blocks
from ...traits.kernels import is_choice
from ..network.copies import give_copies
from ..network.layers import find_layers
from ..network.parameters import parameters_of, restore_parameters
from ..network.placing_of import placing_of
from ..network.recomputed import recompute_constants, recompute_weights
from ..parts import take_parts
from ..target import Target, rules_of
from .attention import write_attention
from .dialect import JaxDialect
from .layers import RULES
from .literals import DTYPES
from .quotients import divide_exactly
from .tied import tie_tables
from .untraced import untraced

_QUOTIENTS = ("Q7",)
_LAYERS = ("L1", "L2", "L3", "L4", "L5", "L7", "L12")
_PARAMETERS = ("R1", "R2", "R3", "R4", "R5", "R6", "R7")


def _parameters(graph: Graph) -> Rule:
    """Return the rule that finds layers, then the parameters of the file that are not theirs."""

    def apply(program: Program) -> Program:
        program = write_attention(take_parts(recompute_weights(program, graph)))
        program = divide_exactly(tie_tables(program))
        program = find_layers(program, graph, RULES, lambda found: found)
        program = restore_parameters(program, parameters_of(graph))
        program = give_copies(recompute_constants(program, graph))
        return with_blocks(program, lambda statements, _: map(_of_target, statements))

    return Rule((*_LAYERS, *_PARAMETERS, *_QUOTIENTS), apply)


def _of_target(statement: Statement) -> Statement:
    """Return a call of the one twin where NumPy has several kernels for an operator."""
    call = statement.operation
    if not (isinstance(call, Call) and is_choice(call.function)):
        return statement
    function = TARGET.function(call.function) or call.function
    return replace(statement, operation=replace(call, function=function))


TARGET = Target(
    name="jax",
    title="JAX",
    requires=("jax", "numpy"),
    kernels=Path(__file__).parent / "kernels",
    dtypes=frozenset(DTYPES),
    rules=rules_of("A1", "Q2", "H1"),
    left_out=frozenset(
        ["fold_batch_norm", "pool_before_activation", "scale_tables", "widen_halves"]
    ),
    dialect=JaxDialect(),
    scan_layers=False,
    untraced=untraced,
    own=_parameters,
    placing=placing_of,
)
