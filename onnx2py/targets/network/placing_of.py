"""Where in the module tree the layers and constants are that statements read (rule G10)."""

from __future__ import annotations

from ...ir.program import Call, Program, Statement, references
from ...plan.outline.tree import Placing
from .layer import Layer
from .paths import scope_path
from .state import state_of


def placing_of(program: Program) -> Placing:
    """Return the places of what the statements of a program read.

    A constant with several keys in the state is at the first; one that is not in the state has no
    place.
    """
    state = state_of(program)
    keys: dict[str, str] = {}
    for key, value in state.values.items():
        if not state.is_apart(key):
            keys.setdefault(value, key)

    def leaves(statement: Statement) -> tuple[str, ...]:
        call, found = statement.operation, dict[str, None]()
        held: set[str] = set()
        if isinstance(call, Call) and isinstance(call.function, Layer):
            layer = call.function
            paths = [layer.path] if layer.is_module else [*layer.keys().values()]
            found.update(dict.fromkeys(paths))
            held = {*layer.weights(call).values()}
        for name in references(call):
            if name in keys and name not in held:
                found[keys[name]] = None
        return tuple(found)

    return Placing(leaves, lambda statement: scope_path(statement.scopes))
