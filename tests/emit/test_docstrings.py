"""The docstring of a class is a sentence about the modules that it stands for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from onnx2py.emit.block_labels import docstring

LONG = "decoder.encoder_decoder_attention.of_all"
LAYERS = [f"/bert/layer.{i}" for i in range(12)]
APART = [*LAYERS, *(f"/bert/pooler_{'abc' * i}" for i in range(30))]


def block(modules: list[str]) -> Any:
    """Return a block of which each application is a node in one of the modules."""
    labels = [f"{module}/Relu: Relu" if module else "r: Relu" for module in modules]
    notes = [SimpleNamespace(nodes=(label,), scopes=()) for label in labels]
    return SimpleNamespace(applications=[SimpleNamespace(notes=[n]) for n in notes])


@pytest.mark.parametrize(
    "modules, calls, said",
    [
        (LAYERS, 21, "One of the 12 modules ``/bert/layer.{i}``: 21 calls."),
        (["/m/head"], 1, "The module ``/m/head``: 1 call."),
        (["/m/head"] * 3, 4, "A part of ``/m/head``, 3 times: 4 calls."),
        (["", ""], 4, "A part of the model, 2 times: 4 calls."),
        ([""], 4, "A part of the model: 4 calls."),
        (
            ["If_0_then_branch__Inline_0__", "If_0_else_branch__Inline_0__"],
            48,
            "One of the 2 modules ``If_0_{then,else}_branch__Inline_0__``: 48 calls.",
        ),
        (
            [f"/m/{LONG}_{i}" for i in (1, 2, 3)],
            48,
            f"One of the 3 modules ``/m/{LONG}_{{i+1}}``.",
        ),
        (APART, 4, "One of the 42 modules like ``/bert/layer.0``: 4 calls."),
    ],
)
def test_sentences(modules, calls, said):
    assert docstring(block(modules), calls) == f'"""{said}"""'
    assert len(f'    """{said}"""') <= 88


def test_a_name_too_long_for_a_line_is_wrapped():
    found = docstring(block([f"/m/{'long_name_' * 9}{i}" for i in (1, 5, 9)]), 4)
    first, *rest = found.splitlines()
    assert first.startswith('"""One of the 3 modules') and rest[-1] == '"""'


def test_names_cannot_end_a_docstring():
    found = docstring(block(['/m/a"""b\\', '/m/c"""d\\']), 4)
    assert eval(found).count('"""') >= 1
