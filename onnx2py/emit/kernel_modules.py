"""The kernel modules, cut into their definitions and imports."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from ..errors import InternalError

KERNELS = Path(__file__).parent.parent / "kernels"
MARK = "implements"
"""The decorator of users' operators, which is not for the package."""


@dataclass(frozen=True)
class Definition:
    """A function, class or constant at the top level of a kernel module."""

    names: tuple[str, ...]
    source: str
    uses: frozenset[str]
    is_block: bool = False
    """Whether it is a function or a class."""
    libraries: frozenset[str] = frozenset()
    """The modules that it imports itself, when it is called."""


@dataclass(frozen=True)
class Import:
    """One name that a module imports; ``module`` is a sibling's name if ``local``."""

    name: str
    module: str
    local: bool
    statement: str


@dataclass(frozen=True)
class Module:
    """A kernel module, cut into its top-level definitions, in order."""

    docstring: str
    definitions: tuple[Definition, ...]
    imports: dict[str, Import] = field(default_factory=dict)

    def definition(self, name: str) -> Definition | None:
        """Return the definition of a name."""
        return next((d for d in self.definitions if name in d.names), None)


@lru_cache(maxsize=None)
def read_module(name: str, folder: Path | None = None) -> Module:
    """Parse a kernel module, one of onnx2py's own without ``folder``.

    Raises
    ------
    InternalError
        If it has a statement that tree-shaking does not support.
    """
    text = _file(name, folder).read_text(encoding="utf-8")
    lines = text.splitlines()
    definitions: list[Definition] = []
    imports: dict[str, Import] = {}
    tree = ast.parse(text)
    docstring = ast.get_docstring(tree, clean=False) or ""
    end_before = tree.body[0].end_lineno or 0 if docstring else 0
    for node in tree.body[1 if docstring else 0 :]:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imports.update((found.name, found) for found in _imports(node))
        elif definitions and _is_docstring(node):
            # The docstring of the constant before it belongs to that.
            text_between = "\n".join(lines[end_before : node.end_lineno])
            last = definitions.pop()
            source = f"{last.source}\n{text_between}"
            definitions.append(replace(last, source=source))
        else:
            source = "\n".join(lines[_start(node, lines, end_before) : node.end_lineno])
            is_block = isinstance(node, (ast.FunctionDef, ast.ClassDef))
            definitions.append(
                Definition(
                    _names(node, name), source, _uses(node), is_block, _libraries(node)
                )
            )
        end_before = node.end_lineno or 0
    return Module(docstring, tuple(definitions), imports)


def _file(name: str, folder: Path | None) -> Path:
    """Return the file of a kernel module; users' own lie elsewhere."""
    if folder is not None and folder != KERNELS:
        return folder / f"{name}.py"
    module = sys.modules.get(f"onnx2py.kernels.{name}")
    return Path(getattr(module, "__file__", None) or KERNELS / f"{name}.py")


def is_laid_out(name: str, folder: Path | None = None) -> bool:
    """Whether a kernel module is one of ours, which ``make lint`` holds to black's layout."""
    return KERNELS.parent in _file(name, folder).parents


def _own_decorators(node: ast.AST) -> list[ast.expr]:
    """Return the decorators of a definition that go into the package: not ``@implements``."""
    return [
        d
        for d in getattr(node, "decorator_list", [])
        if getattr(getattr(d, "func", None), "id", "") != MARK
        and getattr(getattr(d, "func", None), "attr", "") != MARK
    ]


def _start(node: ast.stmt, lines: list[str], end_before: int) -> int:
    """Return the first line of a definition, with its decorators and the comments above it."""
    all_decorators = getattr(node, "decorator_list", [])
    own = _own_decorators(node)
    if len(own) < len(all_decorators):  # what stands above @implements is about that
        return min([node.lineno, *(d.lineno for d in own)]) - 1
    first = min([node.lineno, *(d.lineno for d in own)]) - 1
    while first > end_before and lines[first - 1].startswith("#"):
        first -= 1
    return first


def _imports(node: ast.Import | ast.ImportFrom) -> list[Import]:
    found = []
    for alias in node.names:
        bound = (alias.asname or alias.name).split(".")[0]
        rename = f" as {alias.asname}" if alias.asname else ""
        if isinstance(node, ast.Import):
            found.append(
                Import(bound, alias.name, False, f"import {alias.name}{rename}")
            )
        else:
            dots, module = "." * node.level, node.module or ""
            if module.startswith("onnx2py.kernels."):  # as users write it
                dots, module = ".", module.removeprefix("onnx2py.kernels.")
            statement = f"from {dots}{module} import {alias.name}{rename}"
            found.append(Import(bound, module, bool(dots), statement))
    return found


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _names(node: ast.stmt, module: str) -> tuple[str, ...]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return (node.name,)
    if isinstance(node, ast.Assign):
        return tuple(t.id for t in node.targets if isinstance(t, ast.Name))
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return (node.target.id,)
    raise InternalError(f"kernels/{module}.py, line {node.lineno}: not a definition")


def _uses(node: ast.stmt) -> frozenset[str]:
    own = _own_decorators(node)
    others = [d for d in getattr(node, "decorator_list", []) if d not in own]
    left_out = {id(n) for d in others for n in ast.walk(d)}
    return frozenset(
        n.id
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and id(n) not in left_out
    )


def _libraries(node: ast.stmt) -> frozenset[str]:
    """Return the modules that statements inside a definition import, less the siblings."""
    found: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            found |= {alias.name for alias in inner.names}
        elif isinstance(inner, ast.ImportFrom) and not inner.level:
            found.add(inner.module or "")
    return frozenset(found)
