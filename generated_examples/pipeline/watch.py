"""Look inside a run: the values that the graph computes, and the time of every call.

``Model`` knows nothing of this. Its source is compiled a second time, with a note after
each call, so that the model itself stays as fast as it is.

>>> from pipeline.watch import trace
>>> seen = trace(model, ...)  # what the model itself is called with
>>> seen.outputs, seen["a value, by its name in Python or in ONNX"]
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

from . import model as model_module
from ._tensors import read_text
from .model import Model

NAMES = Path(__file__).with_name("names.json")


class Call(NamedTuple):
    """A line of ``model.py`` that computes something."""

    names: tuple[str, ...]
    """The values that it makes; those of a function are called ``function.value``."""
    node: str
    """The ONNX nodes that it stands for, as the comment above it has them."""
    line: int
    reused: bool = False
    """Whether calls of its method write to memory of earlier values: ``out=``."""

    @property
    def operator(self) -> str:
        """The operators of the nodes: ``Conv + Relu``."""
        parts = (part.rpartition(": ")[2] for part in self.node.split(" + "))
        return " + ".join(parts) or "(no node)"


class Step(NamedTuple):
    """One execution of a call; times are in seconds from the start of the run."""

    call: Call
    start: float
    seconds: float
    own_seconds: float
    """Without the steps inside it, if it calls a function of the model."""
    size: int
    """The bytes of what it made."""


class Trace:
    """What a run did; ``trace[name]`` is a value, by its name in Python or in ONNX."""

    def __init__(self, kept: Optional[set[str]]) -> None:
        self.outputs: Any = None
        self.steps: list[Step] = []
        self.values: dict[str, list[Any]] = {}
        """All values of each name: in a loop, one for each time around."""
        self.calls: dict[str, Call] = {}
        """The call that made each of the values."""
        self._kept = kept
        self._started: list[list[float]] = []
        self._origin = perf_counter()

    def __getitem__(self, name: str) -> Any:
        """Return a value; of several in a loop, the last."""
        return self.values[name if name in self.values else python_name(name)][-1]

    def start(self) -> None:
        """Note that a call begins."""
        self._started.append([perf_counter(), 0.0])

    def note(self, call: Call, values: tuple[Any, ...]) -> None:
        """Note that it is done."""
        begun, inside = self._started.pop()
        seconds = perf_counter() - begun
        if self._started:
            self._started[-1][1] += seconds
        size = sum(getattr(value, "nbytes", 0) for value in values)
        step = Step(call, begun - self._origin, seconds, seconds - inside, size)
        self.steps.append(step)
        self.keep(call, values)

    def keep(self, call: Call, values: tuple[Any, ...]) -> None:
        """Keep the values of a call that no step is noted for."""
        for name, value in zip(call.names, values):
            if self._kept is None or name in self._kept:
                lasting = call.reused and hasattr(value, "nbytes")
                kept = value.copy() if lasting else value
                self.values.setdefault(name, []).append(kept)
                self.calls[name] = call


def trace(
    model: Model, *args: Any, capture: Optional[Iterable[str]] = None, **kwargs: Any
) -> Trace:
    """Call a model and return what happened on the way.

    Parameters
    ----------
    model
        As it is: its weights are used.
    args, kwargs
        What the model is called with.
    capture
        The values to keep, by their names in Python or in ONNX; all if it is None.

    Raises
    ------
    KeyError
        If there is no value of a name in ``capture``.
    OSError
        If there is no source of ``model.py``, as in a frozen program.
    """
    kept = None if capture is None else {python_name(name) for name in capture}
    found = Trace(kept)
    watched = _watched(found)
    instance = watched.__new__(watched)
    instance.__dict__.update(model.__dict__)
    found.outputs = instance(*args, **kwargs)
    return found


def value_names() -> dict[str, str]:
    """Return the ONNX name of every value, by its name in Python."""
    found: dict[str, str] = json.loads(read_text(NAMES))
    return found


def python_name(name: str) -> str:
    """Return the name in Python of a value.

    Raises
    ------
    KeyError
        If there is no such value.
    """
    known = value_names()
    if name in known:
        return name
    found = [python for python, onnx in known.items() if onnx == name]
    if not found:
        near = get_close_matches(name, [*known, *known.values()], 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise KeyError(f"{name}: no value of the graph has that name{hint}")
    return found[0]


def _watched(found: Trace) -> Any:
    """Return the class ``Model``, compiled with notes to ``found``."""
    try:
        source = inspect.getsource(model_module)
    except OSError:  # frozen, or compiled to bytecode alone
        raise OSError("watch: expected the source of model.py, got none") from None
    (tree,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == "Model"
    )
    noting = _Noting(source.splitlines(), frozenset(value_names()))
    noting.add_to(tree)
    body = ast.Module(body=[tree], type_ignores=[])
    code = compile(
        ast.fix_missing_locations(body),
        model_module.__file__,
        "exec",
        flags=__future__.annotations.compiler_flag,
        dont_inherit=True,
    )
    namespace = dict(vars(model_module))
    namespace.update(_start=found.start, _note=found.note, _keep=found.keep)
    namespace.update(_calls=noting.calls)
    exec(code, namespace)
    return namespace["Model"]


class _Noting:
    """Adds a note to every assignment below a comment that names ONNX nodes."""

    def __init__(self, lines: list[str], known: frozenset[str]) -> None:
        self.lines = lines
        self.known = known
        self.calls: list[Call] = []
        self.scope = ""
        self.reused = False

    def add_to(self, tree: ast.ClassDef) -> None:
        """Look into the methods that compute."""
        for method in tree.body:
            if isinstance(method, ast.FunctionDef) and method.name != "__init__":
                inner = method.name != "__call__"
                self.scope = f"{method.name.strip('_')}." if inner else ""
                self.reused = any(
                    isinstance(part, ast.keyword) and part.arg == "out"
                    for part in ast.walk(method)
                )
                method.body = self._block(method.body)

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Return statements with notes: each group of them has a comment above it."""
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
        """Return the statements for one call, with notes."""
        if not comment:
            return group
        loops = [i for i, s in enumerate(group) if isinstance(s, ast.For)]
        if not loops:
            return [s for each in group for s in self._noted(comment, each)]
        first = loops[0]
        loop = self._loop(comment, group[:first], group[first])
        return [*loop, *self._group(comment, group[first + 1 :])]

    def _loop(
        self, comment: str, starts: list[ast.stmt], loop: ast.stmt
    ) -> list[ast.stmt]:
        """Return a loop with notes inside, and after it of what no round has noted."""
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

    def _noted(self, comment: str, statement: ast.stmt) -> list[ast.stmt]:
        """Return a statement with a note of what it assigns."""
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
        """Return the line that keeps those of the assigned names that ONNX knows."""
        names = [n for n in _names(statement) if f"{self.scope}{n}" in self.known]
        call = self._call(comment, statement, names)
        return f"_keep({call}, ({''.join(f'{name}, ' for name in names)}))"

    def _call(self, comment: str, statement: ast.stmt, names: list[str]) -> str:
        labels = tuple(f"{self.scope}{name}" for name in names)
        self.calls.append(Call(labels, comment, statement.lineno, self.reused))
        return f"_calls[{len(self.calls) - 1}]"

    def _comment(self, line: int) -> str:
        """Return what the comment above a line says of ONNX nodes."""
        found: list[str] = []
        for text in reversed(self.lines[: line - 1]):
            if not text.strip().startswith("#"):
                break
            found.insert(0, text.strip(" #"))
        text = " ".join(found)
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
