"""Tree-shaking leaves what is reached, verbatim, and nothing else."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re

import pytest

import onnx2py.kernels
from onnx2py.emit import kernel_modules, shake
from onnx2py.emit.layout import format_source

SOURCE = '''"""Kernels of a test."""

from __future__ import annotations

from math import pi, tau
from typing import Any

import numpy as np

from ._shared import helper, other

LIMIT = 3
"""What the constant is for."""

# Why this function is as it is.
@np.vectorize
def first(x: Any) -> Any:
    """Return something."""
    return second(x) + LIMIT


def second(x: Any) -> Any:
    return helper(x) * pi


def unused(x: Any) -> Any:
    return other(x) * tau


def reader(x: Any) -> Any:
    import json
    from lxml.etree import parse

    return json.dumps(parse(x).text)
'''


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    (tmp_path / "made.py").write_text(SOURCE)
    (tmp_path / "_shared.py").write_text(
        "def helper(x):\n    return x\n\n\ndef other(x):\n    return x\n"
    )
    monkeypatch.setattr(kernel_modules, "KERNELS", tmp_path)
    kernel_modules.read_module.cache_clear()
    yield
    kernel_modules.read_module.cache_clear()


def function(name):
    def made():
        pass

    made.__name__, made.__module__ = name, "onnx2py.kernels.made"
    return made


def test_libraries_are_those_that_the_reached_definitions_import(kernels):
    assert shake.required_libraries([function("first")]) == set()
    assert shake.required_libraries([function("reader")]) == {"lxml"}


def test_what_is_reached(kernels):
    assert shake.reached([function("first")]) == {
        "made": {"first", "second", "LIMIT"},
        "_shared": {"helper"},
    }
    assert shake.reached([function("second")]) == {
        "made": {"second"},
        "_shared": {"helper"},
    }


def test_the_source_that_is_left(kernels):
    expected = SOURCE.split("\n\n\ndef unused")[0] + "\n"
    expected = expected.replace("pi, tau", "pi").replace("helper, other", "helper")
    found = shake.shaken_source("made", {"first", "second", "LIMIT"})
    assert format_source("made.py", found) == format_source("made.py", expected)


def test_imports_that_are_not_needed_go(kernels):
    text = shake.shaken_source("made", {"second"})
    assert (
        "LIMIT" not in text and "numpy" not in text and "from math import pi\n" in text
    )


MODULES = [m.name for m in pkgutil.iter_modules(onnx2py.kernels.__path__)]


def public_functions(name):
    module = importlib.import_module(f"onnx2py.kernels.{name}")
    return [
        f
        for n, f in vars(module).items()
        if inspect.isfunction(f)
        and f.__module__ == module.__name__
        and not n.startswith("_")
    ]


@pytest.mark.parametrize("name", MODULES)
def test_every_kernel_module_can_be_shaken(name):
    """Each public function of each kernel file, with what it reaches, is closed and parses."""
    for kernel in public_functions(name):
        for path, names in shake.reached([kernel]).items():
            source = shake.shaken_source(path, names)
            assert format_source(path, source) == source, path
            tree = ast.parse(source, feature_version=(3, 9))
            defined = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
            missing = {
                d
                for d in defined
                if kernel_modules.read_module(path).definition(d) and d not in names
            }
            assert not missing, f"{path}: {missing}"


FUNCTIONS = {
    n
    for module in MODULES
    for definition in kernel_modules.read_module(module).definitions
    if definition.is_block
    for n in definition.names
}
REFERENCE = re.compile(
    r"``(\w+)(?:\(\))?``|:func:`(\w+)`"
    r"|\b(?:as for|as of|those of) ((?:\w+(?:, | and ))*\w+)"
)


def references(source):
    """Return the kernels' functions that comments and docstrings point at."""
    text = re.sub(r"[\s#]+", " ", source)
    words = {w for m in REFERENCE.finditer(text) for w in re.findall(r"\w+", m[0])}
    parameters = {n.arg for n in ast.walk(ast.parse(source)) if isinstance(n, ast.arg)}
    return words & FUNCTIONS - parameters


def test_references_are_recognized():
    source = """
def f(size):
    # see ``max_pool`` for ``size``,
    # which is as of rotary_embedding and conv
    '''As :func:`softmax`; pads are those of
    lstm, not of gru; ``tanh(softplus)`` is a formula.'''
"""
    expected = {"max_pool", "rotary_embedding", "conv", "softmax", "lstm"}
    assert references(source) == expected


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_point_only_at_functions_that_are_in_the_package(name):
    for kernel in public_functions(name):
        reached = shake.reached([kernel])
        defined = set().union(*reached.values())
        for path, names in reached.items():
            missing = references(shake.shaken_source(path, names)) - defined
            assert not missing, f"{path}, shaken for {kernel.__name__}: {missing}"


def test_names_of_kernels_are_unique():
    seen: dict[str, str] = {}
    for name in MODULES:
        module = importlib.import_module(f"onnx2py.kernels.{name}")
        for attribute, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__:
                if attribute.startswith("_") or name.startswith("_"):
                    continue
                assert seen.setdefault(attribute, name) == name, attribute
