"""``where``: the line of ``model.py`` for each node, value and weight of the ONNX file.

>>> from gpt_jax.tools.where import places
>>> [place.line for place in places("name of a node, value or weight")]

``names.json`` has no line numbers: lines are found in the source as it is, edited or not.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Optional

from .._checks import shown
from .. import model as model_module
from ..model import INPUTS, OUTPUTS
from .records import read_text

NAMES = Path(__file__).with_name("names.json")
SHOWN = 12
"""Places that are listed in full."""


class Place(NamedTuple):
    """A line of ``model.py``, and what it has to do with a name."""

    path: str
    """What the line assigns, by its name in Python: ``layers.3.q``; '' for no line."""
    line: int
    """Its number; 0 if ``model.py`` has been edited and lacks it."""
    text: str
    what: str


def where(name: str) -> None:
    """Print the lines of ``model.py`` that a name of the ONNX file stands for."""
    found = places(name)
    before = -1
    for place in found[:SHOWN]:
        at = f"model.py:{place.line}: {place.text}" if place.line else "no line"
        if place.line != before:
            print(shown(at))
        print(f"    {shown(place.what)}")
        before = place.line
    if len(found) > SHOWN:
        print(f"and {len(found) - SHOWN} more")


def places(name: str) -> list[Place]:
    """Return the lines of a node, value or weight, or what is in a line: ``model.py:120``.

    Raises
    ------
    LookupError
        If nothing has that name.
    """
    line = re.fullmatch(r"(?:.*model\.py)?:(\d{1,9})", name)
    if line:
        return _in_line(int(line[1]))
    found: dict[tuple[str, int], Place] = {}
    for place in (*_named(name), *_frame(name)):
        found.setdefault((place.path, place.line), place)
    for path in () if found else _in_objects(name.removeprefix("self.")):
        for place in _named(path):
            found.setdefault((place.path, place.line), place)
    if not found:
        near = get_close_matches(name[:200], [*dict.fromkeys(_names())], 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise LookupError(f"{name}: nothing in the model has that name{hint}")
    return [*found.values()]


def _named(name: str) -> Iterator[Place]:
    """Yield the places of a name that ``names.json`` has."""
    listed = _listed()
    nodes = {name, f"node_{name}", re.sub(r"_output_\d+$", "", name)}
    for path, value in listed["values"].items():
        if name in (value, path):
            yield _place(path, f"computes {value}")
    for path, labels in listed["nodes"].items():
        if _has(labels, {name}):
            yield _place(path, "computes the node")
    for path, held in listed["weights"].items():
        if name == path or name in held:
            yield _place(path, f"holds {held[0]}")
        elif _has(held, nodes):
            yield _place(path, "holds it: it was folded into this weight")
    for path, values in listed["inner"].items():
        if _has(values, nodes):
            yield _place(path, "computes or contains it")
    for path, labels in listed["folded"].items():
        if _has(labels, nodes):
            yield _place(path, "needs no computation of it: folded, merged or removed")
    for path, labels in listed["nodes"].items():
        if name not in listed["values"].values() and _has(labels, nodes - {name}):
            yield _place(path, "computes it")
    if _has(listed["unused"], nodes) or name in listed["unused"]:
        yield Place("", 0, "", "nothing needs it: it is not in the package")


def _in_objects(name: str) -> list[str]:
    """Return the paths of a name in classes: ``q``, ``Layer.q``, or part of a path."""
    kind, _, inner = name.partition(".")
    paths = [p for part in ("values", "weights") for p in _listed()[part]]
    if kind in _listed()["objects"]:
        found = {f"{path}.{inner}" for path in _listed()["objects"][kind]}
        return [path for path in paths if path in found]
    return [path for path in paths if path.endswith(f".{name}") and name]


def _has(labels: Iterable[str], names: set[str]) -> bool:
    """Return whether one of the labels, ``name: Operator``, is of a node with such a name."""
    return any(each in names or _name(each) in names for each in labels)


def _name(label: str) -> str:
    """Return the name of a node, given its label; that of a weight is its label."""
    return label.rpartition(": ")[0] or label


def _frame(name: str) -> Iterator[Place]:
    """Yield the places of inputs and outputs."""
    for spec in INPUTS:
        if name in (spec.name, spec.python_name):
            call = _method("Model", "forward")
            arguments = (*call.args.args, *call.args.kwonlyargs) if call else ()
            line = next((a.lineno for a in arguments if a.arg == spec.python_name), 0)
            yield Place(spec.python_name, line, _text(line), "takes the input")
    for spec in OUTPUTS:
        if name in (spec.name, spec.python_name):
            call = _method("Model", "forward")
            line = call.body[-1].lineno if call else 0
            yield Place(spec.python_name, line, _text(line), "returns the output")


def _place(path: str, what: str) -> Place:
    """Return the place of a value or of a weight, by its path."""
    line = _line(path, path in _listed()["weights"])
    return Place(path, line, _text(line), f"{path}: {what}")


def _owner(path: str) -> tuple[str, str]:
    """Return the path of the object that a name belongs to, and the name in it."""
    parts = path.split(".")
    for count in range(len(parts) - 1, 0, -1):
        owner = ".".join(parts[:count])
        if owner in _objects():
            return owner, ".".join(parts[count:])
    return "", path


def _line(path: str, is_weight: bool) -> int:
    """Return the line that assigns a value, or an attribute with a weight; 0 if none does."""
    return next(iter(_all_lines(path, is_weight)), 0)


def _all_lines(path: str, is_weight: bool) -> list[int]:
    """Return the lines that assign a value, one in each branch, or an attribute."""
    owner, name = _owner(path)
    kind = _objects().get(owner, "Model")
    if is_weight:
        return _readers(kind, name)
    body = _lines_of(kind)
    hidden = not is_weight and name not in body
    for line, views in _listed()["views"].items() if hidden else ():
        if line.startswith(f"{kind}."):
            outer = line[len(kind) + 1 :]
            scope = outer[: outer.rfind(".") + 1]
            if name in (f"{scope}{view}" for view in views):
                return body.get(outer, [])
    return body.get(f"self.{name.partition('.')[0]}" if is_weight else name, [])


@lru_cache(maxsize=None)
def _lines_of(kind: str) -> dict[str, list[int]]:
    """Return the lines of a function, and of bodies in it, by what they assign.

    A value of a body is called ``function.name``, one of a branch of ``if``
    ``result.then.name``.
    """
    found: dict[str, list[int]] = {}
    for place, (name, tree) in enumerate(_functions_of(kind).items()):
        _note(tree.body, [f"{name.strip('_')}." if place else ""], found)
    return found


@lru_cache(maxsize=None)
def _functions_of(kind: str) -> dict[str, ast.FunctionDef]:
    """Return a function by its name, then those for bodies and sections in it."""
    functions, others = _classes(), {"forward", *_listed()["objects"]}
    names = ["forward" if kind == "Model" else kind]
    for name in names:
        parts = ast.walk(functions[name]) if name in functions else iter(())
        read = dict.fromkeys(part.id for part in parts if isinstance(part, ast.Name))
        inner = (n for n in read if n in functions and n not in others)
        names += [n for n in inner if n not in names]
    return {name: functions[name] for name in names if name in functions}


def _readers(kind: str, name: str) -> list[int]:
    """Return the lines that read a weight or the layer that has it, or that make a constant."""
    if name in _constants():
        return [_constants()[name]]
    found: dict[str, list[int]] = {}
    for line, paths in _reads(kind):
        for path in paths:
            if f"{name}.".startswith(f"{path}."):
                found.setdefault(path, []).append(line)
    return sorted(found[max(found, key=len)]) if found else []


@lru_cache(maxsize=None)
def _reads(kind: str) -> list[tuple[int, set[str]]]:
    """Return which parts of the parameters each line of a function reads."""
    kinds = (ast.Assign, ast.AnnAssign, ast.Return)
    return [
        (step.lineno, _parts_read(step))
        for tree in _functions_of(kind).values()
        for step in ast.walk(tree)
        if isinstance(step, kinds)
    ]


def _parts_read(source: ast.AST) -> set[str]:
    """Return the paths that source reads: ``layers.3`` of ``params["layers"][3]``."""
    found = {_path_of(part) for part in ast.walk(source)} - {""}
    inner = {path.rpartition(".")[0] for path in found}
    return found - inner


def _path_of(value: ast.AST) -> str:
    """Return the path of a part of the parameters; '' for none."""
    if not isinstance(value, ast.Subscript):
        return ""
    key = value.slice.value if isinstance(value.slice, ast.Constant) else None
    if not isinstance(key, (int, str)):
        return ""
    if isinstance(value.value, ast.Name):
        return str(key) if value.value.id == "params" else ""
    around = _path_of(value.value)
    return f"{around}.{key}" if around else ""


@lru_cache(maxsize=None)
def _constants() -> dict[str, int]:
    """Return the lines of the constants of ``model.py``, by their names."""
    body = ast.parse(_source()).body
    made = ((target, step) for step in body for target in _targets(step))
    return {t.id: step.lineno for t, step in made if isinstance(t, ast.Name)}


def _note(
    body: Iterable[ast.stmt], scopes: list[str], found: dict[str, list[int]]
) -> None:
    """Note the first line of what statements assign, and of each branch.

    It has a name in each of ``scopes``.
    """
    for step in body:
        made: dict[str, list[int]] = {}
        for target in _targets(step):
            if isinstance(target, ast.Attribute):
                made[f"self.{target.attr}"] = [step.lineno]
            elif isinstance(target, ast.Name):
                made.update((f"{scope}{target.id}", [step.lineno]) for scope in scopes)
        if isinstance(step, (ast.For, ast.While)):
            _note(step.body, scopes, made)
        elif isinstance(step, ast.If):
            blocks = {"then": step.body, "else": step.orelse}
            names = {
                target.id
                for block in blocks.values()
                for each in block
                for target in _targets(each)
                if isinstance(target, ast.Name)
            }
            for key, block in blocks.items():
                inner = [f"{s}{name}.{key}." for s in scopes for name in sorted(names)]
                branch: dict[str, list[int]] = {}
                _note(block, [*inner, *scopes], branch)
                for name, lines in branch.items():
                    made[name] = [*made.get(name, ()), *lines]
        for name, lines in made.items():
            found.setdefault(name, lines)


def _targets(step: ast.stmt) -> list[ast.expr]:
    """Return the variables and attributes that a statement assigns."""
    if isinstance(step, ast.AnnAssign):
        return [step.target]
    targets = step.targets if isinstance(step, ast.Assign) else []
    names = (n for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))
    return [name for name in names if isinstance(name.ctx, ast.Store)]


def _in_line(number: int) -> list[Place]:
    """Return the values that a line computes, with their nodes, and the objects that it calls."""
    found = []
    for part in ("nodes", "weights"):
        for path, names in _listed()[part].items():
            for start in _all_lines(path, part == "weights"):
                if start <= number <= _ends().get(start, start):
                    what = f"{path}: {' + '.join(names)}"
                    found.append(Place(path, start, _text(start), what))
    found += _objects_in(number)
    if not found:
        raise LookupError(f"model.py:{number}: no node or weight is in that line")
    return found


def _objects_in(number: int) -> Iterator[Place]:
    """Yield the parts that a line walks or gives a function, and those of a function."""
    for kind in ("Model", *_listed()["objects"]):
        for name, tree in _functions_of(kind).items():
            if tree.lineno == number:
                for path in _listed()["objects"].get(name, ()):
                    yield Place(path, number, _text(number), _summary(path))
            elif tree.lineno < number <= (tree.end_lineno or 0):
                start, parts = _parts_in(tree, number)
                for path in (p for p in _objects() if _is_held(p, kind, parts)):
                    yield Place(path, start, _text(start), _summary(path))


def _parts_in(function: ast.FunctionDef, number: int) -> tuple[int, set[str]]:
    """Return the first line of the statement in a line, and which parts it reads.

    The variable of a loop stands for what the loop walks, and a function inside for the
    statement after it, which repeats it.
    """
    for step, after in zip(function.body, function.body[1:]):
        if isinstance(step, ast.FunctionDef) and step.lineno <= number < after.lineno:
            number = after.lineno
    held: dict[str, set[str]] = {}
    kinds = (ast.For, ast.Assign, ast.AnnAssign, ast.Return)
    steps = (step for step in ast.walk(function) if isinstance(step, kinds))
    for step in sorted(steps, key=lambda step: step.lineno):
        value = step.iter if isinstance(step, ast.For) else step.value
        read = _parts_read(value) if value else set()
        for part in ast.walk(value) if value else ():
            read |= held.get(part.id, set()) if isinstance(part, ast.Name) else set()
        if step.lineno <= number <= ((value or step).end_lineno or step.lineno):
            return step.lineno, read
        for part in ast.walk(step.target) if isinstance(step, ast.For) else ():
            if isinstance(part, ast.Name):
                held[part.id] = read
    return number, set()


def _is_held(path: str, kind: str, parts: set[str]) -> bool:
    """Return whether the object at a path is among parts that a function reads."""
    owner, name = _owner(path)
    is_read = any(f"{name}.".startswith(f"{part}.") for part in parts)
    return is_read and _objects().get(owner, "Model") == kind


def _summary(path: str) -> str:
    """Return the class of the object at a path, and its nodes."""
    kind = _objects()[path]
    tree = _classes().get(kind)
    lines = _listed()["nodes"].items()
    nodes = [n for line, names in lines if line.startswith(f"{path}.") for n in names]
    text = " + ".join(nodes)
    if len(nodes) > 3:
        text = f"{nodes[0]} ... {nodes[-1]} ({len(nodes)} nodes)"
    at = f" (line {tree.lineno})" if tree else ""
    return f"{path}: {kind}{at}: {text}"


# ---------------------------------------------------------------------- the source


def _source() -> str:
    try:
        return inspect.getsource(model_module)
    except OSError:  # frozen, or compiled to bytecode alone
        raise OSError("where: expected the source of model.py, got none") from None


@lru_cache(maxsize=None)
def _classes() -> dict[str, ast.FunctionDef]:
    """Return the functions of ``model.py`` by name."""
    body = ast.parse(_source()).body
    return {each.name: each for each in body if isinstance(each, ast.FunctionDef)}


@lru_cache(maxsize=None)
def _ends() -> dict[int, int]:
    """Return the last line of each statement, by its first."""
    found: dict[int, int] = {}
    for step in ast.walk(ast.parse(_source())):
        if isinstance(step, (ast.Assign, ast.AnnAssign)):
            found[step.lineno] = step.end_lineno or step.lineno
    return found


def _method(kind: str, name: str) -> Optional[ast.FunctionDef]:
    """Return the function of the model."""
    return _classes().get(name)


def _text(line: int) -> str:
    lines = _source().splitlines()
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""


@lru_cache(maxsize=None)
def _listed() -> dict[str, Any]:
    listed: dict[str, Any] = json.loads(read_text(NAMES))
    return listed


@lru_cache(maxsize=None)
def _objects() -> dict[str, str]:
    """Return the class of each object, by its path."""
    objects = _listed()["objects"].items()
    return {path: kind for kind, paths in objects for path in paths}


def _names() -> Iterator[str]:
    """Yield all names that are known."""
    listed = _listed()
    for spec in (*INPUTS, *OUTPUTS):
        yield spec.name
    for path, value in listed["values"].items():
        yield from (path, value)
    for part in ("nodes", "folded", "inner", "weights"):
        for path, names in listed[part].items():
            yield path
            yield from map(_name, names)
    yield from map(_name, listed["unused"])
