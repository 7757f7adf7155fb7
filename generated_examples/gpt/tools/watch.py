"""Trace a run: the intermediate values of the graph and the time of each call.

The model is not instrumented: its source is recompiled here with a hook after each call.

>>> from gpt.tools.watch import trace
>>> seen = trace(model, ...)  # the arguments of a normal call
>>> seen.outputs, seen["Python or ONNX name of a value"]
"""

from __future__ import annotations

import __future__
import ast
import inspect
import json
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Optional

import numpy as np

from .. import model as model_module
from ..model import OUTPUTS, Model
from .records import read_text

NAMES = Path(__file__).with_name("names.json")


class Call(NamedTuple):
    """A statement of ``model.py`` that computes values."""

    names: tuple[str, ...]
    """Names of the values that it computes; ``function.value`` inside a function."""
    node: str
    """The ONNX nodes that it computes, from the comment above it."""
    line: int
    reused: bool = False
    """Whether calls of the model write into earlier values (``out=``)."""
    path: str = ""
    """The object that makes the call: ``layers.3``; empty for the model itself."""

    @property
    def operator(self) -> str:
        """The operators of the nodes: ``Conv + Relu``."""
        parts = (part.rpartition(": ")[2] for part in self.node.split(" + "))
        return " + ".join(parts) or "(no node)"

    def at(self, path: str) -> Call:
        """Return the same call, made by another object."""
        names = tuple(f"{path}.{name}" for name in self.names)
        return self._replace(names=names, path=path)


class Step(NamedTuple):
    """One execution of a call; ``start`` is in seconds since the start of the run."""

    call: Call
    start: float
    seconds: float
    own_seconds: float
    """The time without that of nested steps, if it calls a function of the model."""
    size: int
    """Bytes of its results."""


class Trace:
    """The record of a run; ``trace[name]`` is a value, by Python or ONNX name.

    Values are read-only: some share memory with the inputs or the weights.
    """

    def __init__(self, kept: Optional[set[str]]) -> None:
        self.outputs: Any = None
        self.steps: list[Step] = []
        self.values: dict[str, list[Any]] = {}
        """All values of each name: in a loop, one per iteration."""
        self.calls: dict[str, Call] = {}
        """The call that computed each value."""
        self._kept = kept
        self._started: list[list[float]] = []
        self._origin = perf_counter()

    def __getitem__(self, name: str) -> Any:
        """Return a value; in a loop, that of the last iteration."""
        place = _place_of_output(name)
        if place is not None:
            return self.outputs if len(OUTPUTS) == 1 else self.outputs[place]
        return self.values[name if name in self.values else python_name(name)][-1]

    def start(self) -> None:
        """Record the start of a call."""
        self._started.append([perf_counter(), 0.0])

    def note(self, call: Call, values: tuple[Any, ...]) -> None:
        """Record the end of a call and its values."""
        self.end(call, sum(getattr(value, "nbytes", 0) for value in values))
        self.keep(call, values)

    def enter(self) -> None:
        """Record the start of a call of an object, whose own calls are recorded too."""
        self._started.append([perf_counter(), 0.0])

    def end(self, call: Call, size: int = 0) -> None:
        """Record the end of a call, but no value."""
        begun, inside = self._started.pop()
        seconds = perf_counter() - begun
        if self._started:
            self._started[-1][1] += seconds
        step = Step(call, begun - self._origin, seconds, seconds - inside, size)
        self.steps.append(step)

    def keep(self, call: Call, values: tuple[Any, ...]) -> None:
        """Keep values without recording a step."""
        for name, value in zip(call.names, values):
            if self._kept is None or name in self._kept:
                lasting = call.reused and hasattr(value, "nbytes")
                kept = value.copy() if lasting else _read_only(value)
                self.values.setdefault(name, []).append(kept)
                self.calls[name] = call


def trace(
    model: Model, *args: Any, capture: Optional[Iterable[str]] = None, **kwargs: Any
) -> Trace:
    """Call a model and record its intermediate values and times.

    Parameters
    ----------
    model
        The model to trace; it is not modified.
    args, kwargs
        Arguments of the call.
    capture
        Python or ONNX names of the values to keep; None keeps all.

    Raises
    ------
    KeyError
        If a name in ``capture`` is unknown.
    OSError
        If the source of ``model.py`` is not available, as in a frozen program.
    """
    kept = None
    if capture is not None:
        computed = (name for name in capture if _place_of_output(name) is None)
        kept = {python_name(name) for name in computed}
    record = Trace(kept)
    record.outputs = _watched(model, record)(*args, **kwargs)
    return record


def value_names() -> dict[str, str]:
    """Return the ONNX name of every value, by Python name."""
    names: dict[str, str] = json.loads(read_text(NAMES))
    return names


def python_name(name: str) -> str:
    """Return the Python name of a value, given its Python or ONNX name.

    Raises
    ------
    KeyError
        If there is no such value.
    """
    known = value_names()
    if name in known:
        return name
    matches = [python for python, onnx in known.items() if onnx == name]
    if not matches:
        near = get_close_matches(name, [*known, *known.values()], 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise KeyError(f"{name}: no value of the graph has that name{hint}")
    return matches[0]


def _place_of_output(name: str) -> Optional[int]:
    """Return the index of an output that no call computes: an input or a weight."""
    if name in value_names().values():
        return None
    return next((i for i, spec in enumerate(OUTPUTS) if spec.name == name), None)


def _read_only(value: Any) -> Any:
    """Return a value whose arrays cannot be written to."""
    if isinstance(value, list):
        return [_read_only(item) for item in value]
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    return value


def _watched(model: Model, record: Trace) -> Any:
    """Return a copy of a model that writes to ``record``; it shares the weights."""
    try:
        source = inspect.getsource(model_module)
    except OSError:  # frozen, or compiled to bytecode alone
        raise OSError("watch: expected the source of model.py, got none") from None
    classes = (t for t in ast.parse(source).body if isinstance(t, ast.ClassDef))
    trees = [tree for tree in classes if _computes(tree)]
    objects = _Objects(frozenset(tree.name for tree in trees))
    objects.look(model)
    reused = any(_overwrites(tree) for tree in trees)
    noting = _Noting(source.splitlines(), frozenset(value_names()), reused)
    for tree in trees:
        noting.add_to(tree, frozenset(objects.held.get(tree.name, ())))
    code = compile(
        ast.fix_missing_locations(ast.Module(body=list(trees), type_ignores=[])),
        model_module.__file__,
        "exec",
        flags=__future__.annotations.compiler_flag,
        dont_inherit=True,
    )
    namespace = dict(vars(model_module))
    namespace.update(_start=record.start, _note=record.note, _keep=record.keep)
    namespace.update(_enter=record.enter, _end=record.end)
    namespace.update(_call=_Calls(noting.calls))
    exec(code, namespace)
    return objects.copied(model, "Model", namespace)


def _computes(tree: ast.ClassDef) -> bool:
    """Return whether the instances of a class can be called."""
    methods = (part for part in tree.body if isinstance(part, ast.FunctionDef))
    return any(method.name == "__call__" for method in methods)


def _overwrites(tree: ast.AST) -> bool:
    """Return whether a class has calls that write into earlier values."""
    return any(
        isinstance(part, ast.keyword) and part.arg == "out" for part in ast.walk(tree)
    )


class _Calls:
    """The calls in the source, by the object that makes them."""

    def __init__(self, calls: list[Call]) -> None:
        self.calls = calls
        self.made: dict[tuple[str, int], Call] = {}

    def __call__(self, instance: Any, number: int) -> Call:
        path = instance.__dict__["_path"]
        if not path:
            return self.calls[number]
        if (path, number) not in self.made:
            self.made[path, number] = self.calls[number].at(path)
        return self.made[path, number]


class _Objects:
    """The objects that a model consists of, each with the path of attributes to it."""

    def __init__(self, classes: frozenset[str]) -> None:
        self.classes = classes
        self.held: dict[str, set[str]] = {}
        """The attributes that hold objects, or lists of them, by class."""

    def is_object(self, value: Any) -> bool:
        """Return whether a value is an object of the model."""
        kind = type(value)
        return kind.__module__ == Model.__module__ and kind.__name__ in self.classes

    def look(self, value: Any, name: str = "Model") -> None:
        """Note which attributes of an object, and of those that it holds, hold others."""
        for key, held in vars(value).items():
            for item in held if isinstance(held, list) else [held]:
                if self.is_object(item):
                    self.held.setdefault(name, set()).add(key)
                    self.look(item, type(item).__name__)

    def copied(self, value: Any, name: str, classes: Any, path: str = "") -> Any:
        """Return a copy of an object, with copies of those that it holds."""
        copy = classes[name].__new__(classes[name])
        for key, held in vars(value).items():
            inner = f"{path}.{key}" if path else key
            if isinstance(held, list):
                held = [
                    self._part(v, classes, f"{inner}.{i}") for i, v in enumerate(held)
                ]
            copy.__dict__[key] = self._part(held, classes, inner)
        copy.__dict__["_path"] = path
        return copy

    def _part(self, value: Any, classes: Any, path: str) -> Any:
        if not self.is_object(value):
            return value
        return self.copied(value, type(value).__name__, classes, path)


class _Noting:
    """Adds hooks to every assignment below a comment that names ONNX nodes."""

    def __init__(self, lines: list[str], known: frozenset[str], reused: bool) -> None:
        self.lines = lines
        self.known = known
        self.calls: list[Call] = []
        self.scope = ""
        self.reused = reused
        self.held: frozenset[str] = frozenset()
        self.objects: set[str] = set()
        """The variables of the method that hold objects."""
        self.chosen: set[str] = set()
        """Those that hold one of two, whose call is that of a node."""

    def add_to(self, tree: ast.ClassDef, held: frozenset[str]) -> None:
        """Add hooks to the methods that compute; ``held`` are attributes that hold objects."""
        self.held = held
        for method in tree.body:
            if isinstance(method, ast.FunctionDef) and method.name != "__init__":
                inner = method.name != "__call__"
                self.scope = f"{method.name.strip('_')}." if inner else ""
                self.objects, self.chosen = set(), set()
                method.body = self._block(method.body)

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Return statements with hooks; each group starts with a comment."""
        groups: list[tuple[str, list[ast.stmt]]] = []
        for statement in body:
            above = self.lines[statement.lineno - 2].strip()
            if above.startswith("#"):
                groups.append((self._comment(statement.lineno), [statement]))
            elif above and groups and groups[-1][0]:
                groups[-1][1].append(statement)
            else:
                groups.append(("", [statement]))
        return [s for comment, group in groups for s in self._group(comment, group)]

    def _group(self, comment: str, group: list[ast.stmt]) -> list[ast.stmt]:
        """Return the statements of one call with hooks."""
        if not comment:
            return group
        loops = [i for i, s in enumerate(group) if isinstance(s, ast.For)]
        if not loops:
            return [s for each in group for s in self._noted(comment, each)]
        first = loops[0]
        if self._walks_objects(group[first]):
            loop = self._rounds(comment, group[: first + 1])
        else:
            loop = self._loop(comment, group[:first], group[first])
        return [*loop, *self._group(comment, group[first + 1 :])]

    def _loop(
        self, comment: str, starts: list[ast.stmt], loop: ast.stmt
    ) -> list[ast.stmt]:
        """Return a loop with hooks inside, and others after it in case it never runs."""
        assert isinstance(loop, ast.For)
        flag = f"_rounds_{len(self.calls)}"
        inside = [s for each in loop.body for s in self._noted(comment, each)]
        loop.body = [*inside, *_parsed(f"{flag} = True")]
        lists = [s for s in starts if isinstance(s, ast.AnnAssign)]
        state = [s for s in starts if not isinstance(s, ast.AnnAssign)]
        lines = [f"if not {flag}: {self._keep(comment, s)}" for s in state]
        lines += [self._keep(comment, s) for s in lists]
        return [
            *starts,
            *_parsed(f"{flag} = False"),
            loop,
            *(s for line in lines for s in _parsed(line)),
        ]

    def _walks_objects(self, loop: ast.stmt) -> bool:
        """Return whether a loop walks objects of the model; note its variable."""
        assert isinstance(loop, ast.For)
        walked, target = loop.iter, loop.target
        if isinstance(walked, ast.Call) and walked.args:
            walked = walked.args[0]
        if isinstance(target, ast.Tuple):
            target = target.elts[0]
        if not self._is_object(walked) or not isinstance(target, ast.Name):
            return False
        self.objects.add(target.id)
        return True

    def _rounds(self, comment: str, group: list[ast.stmt]) -> list[ast.stmt]:
        """Return a loop over objects with hooks; what it assigns are their values."""
        loop = group[-1]
        assert isinstance(loop, ast.For)
        loop.body = [s for each in loop.body for s in self._noted(comment, each)]
        return group

    def _is_object(self, value: Optional[ast.expr]) -> bool:
        """Return whether an expression is an object of the model, or a list of them."""
        if isinstance(value, ast.IfExp):
            return self._is_object(value.body)
        if isinstance(value, ast.Attribute):
            own = isinstance(value.value, ast.Name) and value.value.id == "self"
            return own and value.attr in self.held
        return isinstance(value, ast.Name) and value.id in self.objects

    def _noted(self, comment: str, statement: ast.stmt) -> list[ast.stmt]:
        """Return a statement with hooks that record the values it assigns."""
        made = getattr(statement, "value", None)
        if self._is_object(made):
            self.chosen.update(_names(statement))
            return [statement]
        if isinstance(made, ast.Call) and self._is_object(made.func):
            call = self._call(comment, statement, [])
            return [*_parsed("_enter()"), statement, *_parsed(f"_end({call})")]
        if isinstance(statement, ast.If):
            for block in (statement.body, statement.orelse):
                block[:] = [s for each in block for s in self._noted(comment, each)]
        names = _names(statement)
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
            return [statement]
        call = self._call(comment, statement, names)
        note = f"_note({call}, ({''.join(f'{name}, ' for name in names)}))"
        return [*_parsed("_start()"), statement, *_parsed(note)]

    def _keep(self, comment: str, statement: ast.stmt) -> str:
        """Return a line that keeps the assigned values that have an ONNX name."""
        names = [n for n in _names(statement) if f"{self.scope}{n}" in self.known]
        call = self._call(comment, statement, names)
        return f"_keep({call}, ({''.join(f'{name}, ' for name in names)}))"

    def _call(self, comment: str, statement: ast.stmt, names: list[str]) -> str:
        labels = tuple(f"{self.scope}{name}" for name in names)
        self.calls.append(Call(labels, comment, statement.lineno, self.reused))
        return f"_call(self, {len(self.calls) - 1})"

    def _comment(self, line: int) -> str:
        """Return the ONNX nodes named in the comment above a line."""
        parts: list[str] = []
        for text in reversed(self.lines[: line - 1]):
            if not text.strip().startswith("#"):
                break
            parts.insert(0, text.strip(" #"))
        text = " ".join(parts)
        return (text.rpartition(" -> ")[0] or text).partition(" [folded: ")[0]


def _parsed(source: str) -> list[ast.stmt]:
    return ast.parse(source).body


def _names(statement: ast.stmt) -> list[str]:
    """Return the variables that a statement assigns to."""
    if isinstance(statement, ast.AnnAssign):
        targets: list[ast.expr] = [statement.target]
    else:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
    parts = [p for t in targets for p in (t.elts if isinstance(t, ast.Tuple) else [t])]
    return [p.id for p in parts if isinstance(p, ast.Name) and p.id != "_"]
