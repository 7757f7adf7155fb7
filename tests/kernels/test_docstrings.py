"""Docstrings of kernels say which errors they raise, themselves or through helpers."""

from __future__ import annotations

import pkgutil
import re

import pytest

import onnx2py.kernels
from onnx2py.emit.shake import read_module

MODULES = [m.name for m in pkgutil.iter_modules(onnx2py.kernels.__path__)]
RAISE = re.compile(r"^\s+raise (\w+)", re.MULTILINE)


def raised(module, name, seen):
    """Return the errors that a definition raises, and what it reaches."""
    definition = read_module(module).definition(name)
    if definition is None or (module, name) in seen:
        return set()
    seen.add((module, name))
    errors = set(RAISE.findall(definition.source))
    for used in definition.uses:
        imported = read_module(module).imports.get(used)
        where = imported.module if imported and imported.local else module
        errors |= raised(where, used, seen)
    return errors


def functions(module):
    for definition in read_module(module).definitions:
        [name, *_] = definition.names
        if definition.is_block and not name.startswith("_"):
            yield name, definition.source


def test_an_error_of_a_helper_is_found():
    assert raised("conv_depthwise", "conv_depthwise", set()) == {"ValueError"}
    assert raised("activation", "relu", set()) == set()


@pytest.mark.parametrize("module", MODULES)
def test_every_error_is_in_the_docstring(module):
    for name, source in functions(module):
        _, _, section = source.partition("    Raises\n    ------\n")
        for error in raised(module, name, set()):
            assert f"    {error}\n" in section.partition('"""')[0], name
