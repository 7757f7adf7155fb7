"""Twins for PyTorch have the names, parameters and defaults of the kernels of NumPy."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest

import onnx2py.kernels

KERNELS = Path(onnx2py.kernels.__path__[0])
TWINS = KERNELS.parent / "targets" / "torch" / "kernels"
MODULES = sorted(p.stem for p in TWINS.glob("[!_]*.py") if p.stem != "arrays")
METHODS = {"astype", "view", "getitem"}
PLANNED = {"out", "plus", "activation", "device"}
"""What rules M2, Z1 and Z2 let calls have, and what is PyTorch's own."""


def functions(file: Path) -> dict[str, ast.FunctionDef]:
    """Return the public functions of a module by name, without running it."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    found = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    return {name: node for name, node in found.items() if not name.startswith("_")}


def parameters(function: ast.FunctionDef) -> list[tuple[str, str, str | None]]:
    """Return name, kind and default of each parameter, but for ``out`` and ``device``.

    No program of this target has ``out``; ``device`` is for what has no tensor to take it from.
    """
    of = function.args
    places = [*of.posonlyargs, *of.args]
    defaults = [None] * (len(places) - len(of.defaults)) + list(of.defaults)
    found = [(a.arg, "place", d) for a, d in zip(places, defaults)]
    if of.vararg:
        found.append((of.vararg.arg, "rest", None))
    found += [(a.arg, "keyword", d) for a, d in zip(of.kwonlyargs, of.kw_defaults)]
    return [
        (name, kind, default and spelled(default))
        for name, kind, default in found
        if name not in PLANNED
    ]


def spelled(default: ast.expr) -> str:
    return ast.unparse(default).replace("np.bool_", "np.bool").replace("np.", "torch.")


@pytest.mark.parametrize("module", MODULES)
def test_twins_have_the_parameters_of_their_kernels(module: str) -> None:
    kernels = functions(KERNELS / f"{module}.py")
    twins = functions(TWINS / f"{module}.py")
    same = twins.keys() & kernels.keys()
    assert same, f"{module}: no function is the twin of a kernel"
    for name in same:
        assert parameters(twins[name]) == parameters(kernels[name]), name


def test_twins_of_numpy_have_its_names_and_parameters() -> None:
    for name, twin in functions(TWINS / "arrays.py").items():
        if name in METHODS:
            continue
        function = getattr(np, name)
        assert function.__name__ == name
        if isinstance(function, np.ufunc):
            count = len([p for p in parameters(twin) if p[1] == "place"])
            assert count == function.nin, name
            continue
        try:
            order = list(inspect.signature(function).parameters)
        except ValueError:  # NumPy says nothing about its parameters
            continue
        names = [p[0] for p in parameters(twin) if p[1] != "rest"]
        assert set(names) <= set(order), name
        places = [order.index(p[0]) for p in parameters(twin) if p[1] == "place"]
        assert places == sorted(places), name


def test_modules_import_no_more_than_pytorch_and_the_standard_library() -> None:
    allowed = {
        "__future__",
        "collections.abc",
        "functools",
        "itertools",
        "math",
        "operator",
        "typing",
    }
    for file in TWINS.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = {node.module or ""}
            else:
                continue
            assert names <= allowed | {"torch", "torch.nn.functional"}, file.name
