"""Modules in one file: their definitions one after the other, imports at the top.

A name with different meanings in two modules gets the module's name appended in the second, so
that the operator ``cast`` does not replace ``typing.cast``. The source is otherwise unchanged.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

from ..emit.text import comment

Place = tuple[int, int]
"""A line, from 0, and a column, in bytes."""


@dataclass
class Module:
    """A module of the package: ``ops.conv``, ``model``."""

    name: str
    source: str
    tree: ast.Module = field(init=False)

    def __post_init__(self) -> None:
        self.tree = ast.parse(self.source)

    @property
    def definitions(self) -> dict[str, ast.stmt]:
        """What the module defines itself."""
        found: dict[str, ast.stmt] = {}
        for statement in self.tree.body:
            for name in _defined(statement):
                found[name] = statement
        return found

    @property
    def imports(self) -> Iterator[tuple[str, str, str, str]]:
        """Bound name, name, module it comes from ("" for a plain import), and statement."""
        for statement in self.tree.body:
            if isinstance(statement, ast.Import):
                for alias in statement.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    text = f"import {alias.name}"
                    text += f" as {alias.asname}" if alias.asname else ""
                    yield bound, alias.name, "", text
            elif isinstance(statement, ast.ImportFrom) and not statement.level:
                for alias in statement.names:
                    bound = alias.asname or alias.name
                    text = f"from {statement.module} import {alias.name}"
                    text += f" as {alias.asname}" if alias.asname else ""
                    yield bound, alias.name, statement.module or "", text

    @property
    def neighbors(self) -> Iterator[tuple[str, str, str]]:
        """Bound name, name, and the module of the package that it comes from."""
        parent = self.name.rpartition(".")[0]
        for statement in ast.walk(self.tree):
            if isinstance(statement, ast.ImportFrom) and statement.level:
                base = parent if statement.level == 1 else ""
                source = ".".join(filter(None, (base, statement.module)))
                for alias in statement.names:
                    yield alias.asname or alias.name, alias.name, source


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))
    elif isinstance(statement, ast.AnnAssign) and isinstance(
        statement.target, ast.Name
    ):
        yield statement.target.id


def in_order(modules: Mapping[str, Module]) -> list[Module]:
    """Return modules so that each comes after those it imports from."""
    done: dict[str, Module] = {}

    def visit(name: str) -> None:
        if name in done or name not in modules:
            return
        for _, inner, source in modules[name].neighbors:
            visit(source)
            visit(f"{source}.{inner}" if source else inner)
        done[name] = modules[name]

    for name in sorted(modules):
        visit(name)
    return list(done.values())


@dataclass(frozen=True)
class Merged:
    """Modules in one file."""

    imports: tuple[str, ...]
    sections: dict[str, str]
    """The definitions of each module under a heading, by the module's name, in order."""
    names: dict[tuple[str, str], str]
    """The new name of each definition, by its module and its name there."""


def merged(modules: list[Module], namespace: str) -> Merged:
    """Merge modules; ``namespace`` is a reserved name."""
    names = _names(modules, {namespace})
    statements: dict[str, None] = {}
    sections = {}
    for module in modules:
        renamed = {old: names[module.name, old] for old in module.definitions}
        for bound, _, _, text in module.imports:
            new = names[module.name, bound]
            statements[text if new == bound else f"{_bare(text)} as {new}"] = None
            renamed[bound] = new
        for bound, name, source in module.neighbors:
            if (source, name) in names:
                renamed[bound] = names[source, name]
        changed = {k: v for k, v in renamed.items() if k != v}
        sections[module.name] = _section(module, changed)
    head = sorted(statements, key=lambda text: (text.startswith("from"), text))
    head = [text for text in head if not text.startswith("from __future__")]
    return Merged(tuple(head), sections, names)


def _bare(text: str) -> str:
    return text.partition(" as ")[0]


def _names(modules: list[Module], taken: set[str]) -> dict[tuple[str, str], str]:
    """Return a unique name for everything that a module defines or imports."""
    used: dict[str, str] = dict.fromkeys([*dir(builtins), *taken], "")
    for (
        module
    ) in modules:  # what is imported keeps its name before anything that is defined
        for bound, _, _, text in module.imports:
            used.setdefault(bound, text)
    names = {}
    for module in modules:
        for bound, _, _, text in module.imports:
            same = used[bound] == text
            names[module.name, bound] = bound if same else _free(bound, module, used)
        for name in module.definitions:
            new = name if name not in used else _free(name, module, used)
            used[new] = module.name
            names[module.name, name] = new
    return names


def _free(name: str, module: Module, used: Mapping[str, str]) -> str:
    new = f"{name}_{module.name.rpartition('.')[2].strip('_')}"
    while new in used:
        new += "_"
    return new


def _section(module: Module, renamed: Mapping[str, str]) -> str:
    """Return the definitions of a module under a heading."""
    first = module.tree.body[0]
    edits = list(_edits(module.tree, renamed, module.source))
    lines = module.source.encode().split(b"\n")
    for (row, column), old, new in sorted(edits, reverse=True):
        line = lines[row]
        lines[row] = line[:column] + new.encode() + line[column + len(old.encode()) :]
    dropped = [s for s in ast.walk(module.tree) if _imports_neighbours(s)]
    for statement in module.tree.body:
        docstring = statement is first and isinstance(statement, ast.Expr)
        if isinstance(statement, (ast.Import, ast.ImportFrom)) or docstring:
            dropped.append(statement)
    for statement in dropped:
        if statement.end_lineno is not None:
            for row in range(statement.lineno - 1, statement.end_lineno):
                lines[row] = b""
    title = (ast.get_docstring(module.tree) or "").partition("\n")[0]
    rule = "# " + "-" * 70
    body = b"\n".join(lines).decode().strip("\n")
    return f"\n{rule}\n# {module.name}: {comment(title)}\n\n{body}\n"


def _imports_neighbours(node: ast.AST) -> TypeGuard[ast.stmt]:
    """Return whether a statement imports from the package, even if only for annotations."""
    if isinstance(node, ast.If):
        return all(map(_imports_neighbours, node.body))
    return isinstance(node, ast.ImportFrom) and bool(node.level)


def _edits(
    tree: ast.Module, renamed: Mapping[str, str], source: str
) -> Iterator[tuple[Place, str, str]]:
    """Yield replacements of names with their positions; parameters keep their names."""
    if not renamed:
        return
    lines = source.encode().split(b"\n")

    def visit(
        node: ast.AST, hidden: frozenset[str]
    ) -> Iterator[tuple[Place, str, str]]:
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            a = node.args
            every = [*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg]
            inner = hidden | {arg.arg for arg in every if arg is not None}
            outside = [*a.defaults, *(d for d in a.kw_defaults if d is not None)]
            if isinstance(node, ast.FunctionDef):
                outside += [*node.decorator_list, *filter(None, [node.returns])]
                outside += [
                    g.annotation for g in every if g is not None and g.annotation
                ]
            for part in outside:
                yield from visit(part, hidden)
            body: list[ast.AST] = (
                [node.body] if isinstance(node, ast.Lambda) else [*node.body]
            )
            for statement in body:
                yield from visit(statement, inner)
        else:
            if (
                isinstance(node, ast.Name)
                and node.id in renamed
                and node.id not in hidden
            ):
                yield (node.lineno - 1, node.col_offset), node.id, renamed[node.id]
            for child in ast.iter_child_nodes(node):
                yield from visit(child, hidden)

    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in renamed:
            row = node.lineno - 1
            keyword = b"class " if isinstance(node, ast.ClassDef) else b"def "
            column = lines[row].index(keyword) + len(keyword)
            yield (row, column), node.name, renamed[node.name]

    yield from visit(tree, frozenset())
