"""The file ``names.json``: the ONNX name of every value in ``model.py``."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..ir.graph import onnx_name
from ..ir.program import Statement, bodies_of
from .blocks import BlockSource
from .methods import Methods
from .spelling import Spelling


def names_text(blocks: BlockSource, spelling: Spelling, methods: Methods) -> str:
    """Return the ONNX names by the Python names; a value of a body is ``method.name``."""
    listed: dict[str, str] = {}

    def note(statements: Iterable[Statement], scope: str) -> None:
        for statement in statements:
            for value in statement.outputs if statement.nodes else ():
                if value and value not in spelling.fixed:
                    name = f"{scope}{spelling.names[value]}"
                    listed.setdefault(name, onnx_name(value))
            for body in bodies_of(statement.operation):
                method = methods.of.get(id(body), "")
                note(body.statements, f"{method.strip('_')}.")

    note(blocks.main.statements, "")
    listed.update(blocks.value_names())
    return f"{json.dumps(listed, indent=0)}\n"
