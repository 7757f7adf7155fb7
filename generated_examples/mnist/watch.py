"""Look inside a run: the values that the graph computes, and the time of every call.

``Model`` knows nothing of this. Its source is compiled a second time, with a note after
each call, so that the model itself stays as fast as it is.

>>> from mnist.watch import trace
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
    overwritten: frozenset[str] = frozenset()
    """Those of the values whose memory a later call takes: ``out=``."""

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
        for name, value in zip(call.names, values):
            if name and (self._kept is None or name in self._kept):
                lasting = value.copy() if name in call.overwritten else value
                self.values.setdefault(name, []).append(lasting)


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
    noting = _Noting(source.splitlines())
    body = ast.Module(body=[noting.visit(tree)], type_ignores=[])
    code = compile(
        ast.fix_missing_locations(body),
        model_module.__file__,
        "exec",
        flags=__future__.annotations.compiler_flag,
        dont_inherit=True,
    )
    namespace = dict(vars(model_module))
    namespace.update(_start=found.start, _note=found.note, _calls=noting.calls)
    exec(code, namespace)
    return namespace["Model"]


class _Noting(ast.NodeTransformer):
    """Adds a note to every assignment of what a call returns."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.calls: list[Call] = []
        self.method = ""
        self.overwritten: set[str] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Look into the methods that compute."""
        self.method = node.name
        outs = (
            n.value
            for n in ast.walk(node)
            if isinstance(n, ast.keyword) and n.arg == "out"
        )
        self.overwritten = {out.id for out in outs if isinstance(out, ast.Name)}
        return node if node.name == "__init__" else self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> Any:
        """Note what is assigned."""
        target = node.targets[0]
        targets = target.elts if isinstance(target, ast.Tuple) else [target]
        return self._noted(node, targets, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        """Note what is assigned."""
        return self._noted(node, [node.target], node.value)

    def _noted(self, node: ast.stmt, targets: list[ast.expr], value: Any) -> Any:
        called = getattr(getattr(value, "func", None), "id", "")
        if not isinstance(value, ast.Call) or called == "check_input":
            return node
        names = [t.id for t in targets if isinstance(t, ast.Name) and t.id != "_"]
        scope = "" if self.method == "__call__" else f"{self.method.strip('_')}."
        labels = tuple(f"{scope}{name}" for name in names)
        lost = frozenset(
            label for label, name in zip(labels, names) if name in self.overwritten
        )
        self.calls.append(Call(labels, self._comment(node.lineno), node.lineno, lost))
        values = f"({', '.join(names)}{',' if names else ''})"
        before = ast.parse("_start()").body
        after = ast.parse(f"_note(_calls[{len(self.calls) - 1}], {values})").body
        return [*before, node, *after]

    def _comment(self, line: int) -> str:
        """Return what the comment above a line says of ONNX nodes."""
        found: list[str] = []
        for text in reversed(self.lines[: line - 1]):
            if not text.strip().startswith("#"):
                break
            found.insert(0, text.strip(" #"))
        return " ".join(found).rpartition(" -> ")[0].partition(" [folded: ")[0]
