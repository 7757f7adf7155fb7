"""PyTorch: ``model.py`` is an ``nn.Module``, whose functions are in ``kernels/``."""

from __future__ import annotations

from pathlib import Path

from ...ir.graph import Graph
from ...ir.program import Program
from ...plan import Rule
from ..target import Target, rules_of
from .attention import write_attention
from .copies import give_copies
from .dialect import TorchDialect
from .layers import find_layers
from .limits import limit_of
from .literals import CARRIED, DTYPES
from .parameters import parameters_of, restore_parameters
from .placing_of import placing_of
from .recomputed import recompute_constants, recompute_weights

_LAYERS = tuple(f"L{number}" for number in range(1, 12))
_PARAMETERS = ("R1", "R2", "R3", "R4", "R5", "R6")


def _modules(graph: Graph) -> Rule:
    """Return the rule that finds layers, then the parameters of the file that are not theirs."""

    def apply(program: Program) -> Program:
        program = recompute_weights(program, graph)
        program = find_layers(write_attention(program), graph)
        program = restore_parameters(program, parameters_of(graph))
        return give_copies(recompute_constants(program, graph))

    return Rule((*_LAYERS, *_PARAMETERS), apply)


TARGET = Target(
    name="torch",
    title="PyTorch",
    requires=("torch",),
    kernels=Path(__file__).parent / "kernels",
    dtypes=frozenset(DTYPES),
    rules=rules_of("A1", "Q2", "H1"),
    left_out=frozenset(["fold_batch_norm", "pool_before_activation", "widen_halves"]),
    dialect=TorchDialect(),
    carried=CARRIED,
    limit=limit_of,
    own=_modules,
    placing=placing_of,
)
