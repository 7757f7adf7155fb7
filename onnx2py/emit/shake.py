"""Tree-shaking: the source of kernels without definitions that a model does not reach."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import InternalError
from .kernel_modules import Definition, Import, Module, read_module
from .text import WIDTH


def reached(
    kernels: Iterable[Callable[..., Any]], folder: Path | None = None
) -> dict[str, set[str]]:
    """Return, for each kernel module, the names that the given kernels need of it.

    The modules are those in ``folder``, onnx2py's own without it.
    """
    todo = [(f.__module__.rsplit(".", 1)[1], f.__name__) for f in kernels]
    found: dict[str, set[str]] = {}
    while todo:
        module_name, name = todo.pop()
        module = read_module(module_name, folder)
        if name in found.setdefault(module_name, set()):
            continue
        definition = module.definition(name)
        if definition is None:
            raise InternalError(
                f"kernels/{module_name}.py: expected a definition of {name}"
            )
        found[module_name].update(definition.names)
        for used in sorted(definition.uses):
            imported = module.imports.get(used)
            if imported and imported.local:
                todo.append((imported.module, imported.name))
            elif module.definition(used) and used not in found[module_name]:
                todo.append((module_name, used))
    return found


ENGINE = Import(
    "accelerated", "accelerate", True, "from ..accelerate import accelerated"
)


def shaken_source(
    name: str,
    needed: set[str],
    folder: Path | None = None,
    faster: Container[str] = (),
) -> str:
    """Return the source of a kernel module with the definitions in ``needed`` alone.

    It is laid out as black does, if the module is. Kernels in ``faster`` call an engine where
    that is active.
    """
    module = read_module(name, folder)
    kept = _kept(module, needed)
    if any(_calls_engine(definition, faster) for definition in kept):
        kept = [_with_engine(d) if _calls_engine(d, faster) else d for d in kept]
        module = replace(module, imports={**module.imports, ENGINE.name: ENGINE})
    doc = f'"""{module.docstring}"""\n\n' if module.docstring else ""
    source = "\n\n\n".join(definition.source for definition in kept)
    gap = "\n\n\n" if kept and kept[0].is_block else "\n\n"
    return f"{doc}{_import_block(_imports_of(module, kept))}{gap}{source}\n"


def _calls_engine(definition: Definition, faster: Container[str]) -> bool:
    return definition.is_block and definition.names[0] in faster


def _with_engine(definition: Definition) -> Definition:
    """Return a function with the decorator on top, below the comments above it."""
    lines = definition.source.split("\n")
    first = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    source = "\n".join([*lines[:first], f"@{ENGINE.name}", *lines[first:]])
    return replace(definition, source=source, uses=definition.uses | {ENGINE.name})


def required_libraries(
    kernels: Iterable[Callable[..., Any]], folder: Path | None = None
) -> set[str]:
    """Return the libraries that the source of kernels imports, less NumPy."""
    found: set[str] = set()
    for name, needed in reached(kernels, folder).items():
        module = read_module(name, folder)
        kept = _kept(module, needed)
        found |= {i.module for i in _imports_of(module, kept) if not i.local}
        found |= {library for d in kept for library in d.libraries}
    packages = {library.partition(".")[0] for library in found}
    return packages - sys.stdlib_module_names - {"numpy"}


def _kept(module: Module, needed: set[str]) -> list[Definition]:
    return [d for d in module.definitions if any(n in needed for n in d.names)]


def _imports_of(module: Module, kept: Iterable[Definition]) -> list[Import]:
    """Return the imports of a module that the definitions need."""
    uses = {name for definition in kept for name in definition.uses}
    return [
        i for i in module.imports.values() if i.name in uses or i.module == "__future__"
    ]


def _import_block(imports: list[Import]) -> str:
    """Join imports of one module, and sort them: future, library, NumPy, siblings."""
    merged: dict[str, list[str]] = {}
    for item in imports:
        head, _, tail = item.statement.partition(" import ")
        if item.statement.startswith("from "):
            merged.setdefault(head, []).append(tail)
        else:
            merged.setdefault(item.statement, [])
    groups: list[list[str]] = [[], [], [], []]
    for head in sorted(merged, key=lambda h: (h.startswith("from "), h.split()[1])):
        names = sorted(merged[head])
        statement = f"{head} import {', '.join(names)}" if names else head
        if len(statement) > WIDTH:
            statement = f"{head} import (\n    " + ",\n    ".join(names) + ",\n)"
        groups[_group(head)].append(statement)
    return "\n\n".join("\n".join(group) for group in groups if group)


def _group(head: str) -> int:
    module = head.split()[1]
    if module == "__future__":
        return 0
    if module.startswith("."):
        return 3
    return 2 if module.split(".")[0] in ("numpy", "ml_dtypes", "PIL") else 1
