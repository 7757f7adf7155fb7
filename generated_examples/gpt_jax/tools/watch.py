"""Trace a run: the intermediate values of the graph and the time of each call.

The model is not instrumented: its source is recompiled here with a hook after each call.

>>> from gpt_jax.tools.watch import trace
>>> seen = trace(model, ...)  # the arguments of a normal call
>>> seen.outputs, seen["Python or ONNX name of a value"]

Of a model for arrays, ``tools.arrays.Model``, the values are arrays too.
"""

from __future__ import annotations

import __future__
import ast
import inspect
import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Optional

import jax
import numpy as np

from .. import model as model_module
from ..model import OUTPUTS
from .arrays import Model as Arrays
from .arrays import as_numpy
from .records import read_text

NAMES = Path(__file__).with_name("names.json")
FLOW = ("lax.cond", "lax.scan", "ops.loop", "ops.scan")
"""What chooses a function of ``model.py``, or repeats it."""


class Call(NamedTuple):
    """A statement of ``model.py`` that computes values."""

    names: tuple[str, ...]
    """Names of the values that it computes; ``function.value`` inside a function."""
    node: str
    """The ONNX nodes that it computes, or the class of the object that it calls."""
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

    def at(self, path: str, nodes: Mapping[str, list[str]]) -> Call:
        """Return the same call, made by the object at a path; ``nodes`` has those of values."""
        names = tuple(f"{path}.{name}" if path else name for name in self.names)
        made = " + ".join(node for name in names for node in nodes.get(name, ()))
        return self._replace(names=names, path=path, node=made or self.node)


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
        self.of_arrays = False
        """Whether values are kept as arrays."""
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
        jax.block_until_ready(values)
        self.end(call, sum(getattr(value, "nbytes", 0) for value in values))
        self.convert(call, values)

    def convert(self, call: Call, values: tuple[Any, ...]) -> None:
        """Keep values, as arrays of a model for arrays."""
        made = map(as_numpy, values) if self.of_arrays else values
        self.keep(call, tuple(made))

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
    model: Any, *args: Any, capture: Optional[Iterable[str]] = None, **kwargs: Any
) -> Trace:
    """Call a model and record its intermediate values and times.

    Parameters
    ----------
    model
        The model to trace, for arrays of JAX or of NumPy, or what ``forward`` takes as ``params``.
        Control flow runs in Python, one iteration after the other.
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
    names: dict[str, str] = _listed()["values"]
    return names


def _listed() -> dict[str, Any]:
    """Return the contents of ``names.json``."""
    listed: dict[str, Any] = json.loads(read_text(NAMES))
    return listed


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


def _watched(model: Any, record: Trace) -> Any:
    """Return a copy of a model that writes to ``record``; it has the same parameters."""
    try:
        source = inspect.getsource(model_module)
    except OSError:  # frozen, or compiled to bytecode alone
        raise OSError("watch: expected the source of model.py, got none") from None
    trees = [part for part in ast.parse(source).body if _computes(part)]
    record.of_arrays = isinstance(model, Arrays)
    module = model.module if record.of_arrays else model
    params = getattr(module, "params", module)
    listed = _listed()
    noting = _Noting(False, listed["views"])
    inside = _by_object(listed["values"])
    for tree in trees:
        if isinstance(tree, ast.FunctionDef):
            is_whole = tree.name == "forward"
            paths = [""] if is_whole else listed["objects"].get(tree.name, inside)
            known = frozenset(n for path in paths for n in inside.get(path, ()))
            noting.add_to(tree, listed["objects"], known)
    code = compile(
        ast.fix_missing_locations(ast.Module(body=list(trees), type_ignores=[])),
        model_module.__file__,
        "exec",
        flags=__future__.annotations.compiler_flag,
        dont_inherit=True,
    )
    calls = _Calls(noting.calls, listed["nodes"], params)
    namespace = dict(vars(model_module))
    namespace.update(_start=record.start, _note=record.note, _keep=record.convert)
    namespace.update(_enter=record.enter, _end=record.end)
    namespace.update(_call=calls, _in_python=_Flow(record, calls))
    exec(code, namespace)
    for name in listed["objects"].keys() & namespace.keys():
        namespace[name] = calls.of_part(namespace[name])
    copy = namespace["Model"](params)
    return model.around(copy) if record.of_arrays else copy


def _by_object(names: Iterable[str]) -> dict[str, set[str]]:
    """Return the names of values below each path that they begin with."""
    found: dict[str, set[str]] = {"": set(names)}
    for name in found[""]:
        place = name.find(".")
        while place > 0:
            found.setdefault(name[:place], set()).add(name[place + 1 :])
            place = name.find(".", place + 1)
    return found


def _computes(part: ast.stmt) -> bool:
    """Return whether a part of the source is a function, or the class of the model."""
    is_model = isinstance(part, ast.ClassDef) and part.name == "Model"
    return is_model or isinstance(part, ast.FunctionDef)


def _places(tree: Any, path: str) -> dict[int, str]:
    """Return the path of each part of a tree of parameters, by its identity."""
    found = {id(tree): path}
    parts: Iterable[tuple[Any, Any]] = ()
    if isinstance(tree, Mapping):
        parts = tree.items()
    elif isinstance(tree, (list, tuple)):
        parts = enumerate(tree)
    for key, part in parts:
        found.update(_places(part, f"{path}.{key}" if path else f"{key}"))
    return found


class _Calls:
    """The calls in the source, by the part of the parameters that they are made for."""

    def __init__(
        self, calls: list[Call], nodes: Mapping[str, list[str]], params: Any
    ) -> None:
        self.calls = calls
        self.nodes = nodes
        self.made: dict[tuple[str, int], Call] = {}
        self.path = ""
        """The part that the function which is running was given."""
        self.places = _places(params, "")
        self.stack, self.taken = "", 0
        """The parts of one kind that a loop walks, and how many it has walked."""

    def __call__(self, number: int) -> Call:
        if (self.path, number) not in self.made:
            made = self.calls[number].at(self.path, self.nodes)
            self.made[self.path, number] = made
        return self.made[self.path, number]

    def walk(self, walked: Any) -> None:
        """Note what a loop walks, along the first axis of its arrays."""
        first = walked[0] if isinstance(walked, tuple) and walked else walked
        self.stack, self.taken = self.places.get(id(first), ""), 0

    def of_part(self, function: Any) -> Any:
        """Return a function that notes which part of the parameters it is given."""

        def called(part: Any, *args: Any, **kwargs: Any) -> Any:
            around, inside = self.path, {}
            if self.stack and id(part) not in self.places:
                inside = _places(part, f"{self.stack}.{self.taken}")
                self.places.update(inside)
                self.taken += 1
            self.path = self.places.get(id(part), around)
            try:
                return function(part, *args, **kwargs)
            finally:
                self.path = around
                for each in inside:
                    del self.places[each]

        return called


class _Flow:
    """Lets control flow run in Python: what it calls is given arrays that are not traced."""

    def __init__(self, record: Trace, calls: _Calls) -> None:
        self.record, self.calls = record, calls

    def __call__(self, flow: Any, call: Optional[Call] = None) -> Any:
        """Return a function of control flow; ``call`` is noted for each iteration."""
        is_disabled = bool(jax.config.jax_disable_jit)

        def usual(function: Any) -> Any:
            def called(*args: Any) -> Any:
                with jax.disable_jit(is_disabled):
                    return self.iteration(function, args, call)

            return called if callable(function) else function

        def run(*args: Any, **kwargs: Any) -> Any:
            walks_parts = flow is jax.lax.scan
            if walks_parts:
                self.calls.walk(args[-1])
            with jax.disable_jit():
                result = flow(*map(usual, args), **kwargs)
            if walks_parts:
                self.calls.walk(None)
            return result

        return run

    def iteration(self, function: Any, args: tuple[Any, ...], call: Any) -> Any:
        """Call a body."""
        if call is None:
            return function(*args)
        self.record.start()
        result = function(*args)
        self.record.note(call, ())
        return result


class _Noting:
    """Adds hooks to every assignment of a value that has an ONNX name."""

    def __init__(self, reused: bool, views: Mapping[str, list[str]]) -> None:
        self.views = views
        """The values of views in the expression of another, by the name of that."""
        self.kind = ""
        self.known: frozenset[str] = frozenset()
        self.calls: list[Call] = []
        self.scope = ""
        self.reused = reused

    def add_to(
        self, tree: ast.FunctionDef, parts: Iterable[str], known: frozenset[str]
    ) -> None:
        """Add hooks to a function; ``parts`` are functions of a part of the parameters."""
        self.known, self.parts = known, frozenset(parts)
        own = tree.name == "forward" or tree.name in self.parts
        self.scope = "" if own else f"{tree.name.strip('_')}."
        kinds = (name.partition(".") for name in self.views)
        found = (kind for kind, _, name in kinds if name.startswith(self.scope))
        self.kind = tree.name if tree.name in self.parts else "Model"
        if not own:
            self.kind = next(found, "")
        tree.decorator_list = []  # such as jax.jit, where values would be traced
        for part in ast.walk(tree):
            if isinstance(part, ast.Call) and ast.unparse(part.func) in FLOW:
                name = ast.Name("_in_python", ast.Load())
                part.func = ast.Call(name, [part.func], [])
            if isinstance(part, ast.FunctionDef) and part is not tree:
                part.body = self._block(part.body)
        tree.body = self._block(tree.body)

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Return statements with hooks."""
        groups: list[list[ast.stmt]] = []
        for place, statement in enumerate(body):
            if not isinstance(statement, ast.For):
                groups.append(self._noted(statement))
            elif self._walks_objects(statement):
                inside = [s for each in statement.body for s in self._noted(each)]
                statement.body = inside
                groups.append([statement])
            else:
                starts = _starts(body[:place], statement)
                del groups[len(groups) - len(starts) :]
                groups += [[]] * len(starts)
                groups.append(self._loop(starts, statement, body[place + 1 :]))
        return [statement for group in groups for statement in group]

    def _loop(
        self, starts: list[ast.stmt], loop: ast.For, after: list[ast.stmt]
    ) -> list[ast.stmt]:
        """Return a loop with hooks inside, and others after it in case it never runs."""
        flag = f"_rounds_{len(self.calls)}"
        lists = [s for s in starts if isinstance(s, ast.AnnAssign)]
        results = [name for s in after[: len(lists)] for name in _names(s)]
        inside = [s for each in loop.body for s in self._round(each, results)]
        loop.body = [*inside, *_parsed(f"{flag} = True")]
        state = [s for s in starts if not isinstance(s, ast.AnnAssign)]
        lines = [f"if not {flag}: {self._keep(s)}" for s in state]
        lines += [self._keep(s) for s in lists]
        return [
            *starts,
            *_parsed(f"{flag} = False"),
            loop,
            *(s for line in lines for s in _parsed(line)),
        ]

    def _round(self, statement: ast.stmt, results: list[str]) -> list[ast.stmt]:
        """Return a statement of a loop with hooks.

        Where all that it assigns is collected in lists, it computes ``results``.
        """
        noted = self._noted(statement)
        made = statement.value if isinstance(statement, ast.Assign) else None
        if noted != [statement] or not isinstance(made, ast.Call):
            return noted
        return [
            *_parsed("_start()"),
            statement,
            *_parsed(f"_note({self._call(statement, results)}, ())"),
        ]

    def _walks_objects(self, loop: ast.For) -> bool:
        """Return whether a loop walks parts of the parameters, as all in the source do."""
        return True

    def _class_of(self, value: Optional[ast.expr]) -> str:
        """Return the function of a part of the parameters that is called; '' for others."""
        name = value.id if isinstance(value, ast.Name) else ""
        return name if name in self.parts else ""

    def _noted(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return a statement with hooks that record the values it assigns."""
        if isinstance(statement, ast.If):
            blocks = (statement.body, statement.orelse)
            names = [n for block in blocks for s in block for n in _names(s)]
            results = [*dict.fromkeys(filter(self._has_branches, names))]
            for key, block in zip(("then", "else"), blocks):
                inner = [f"{result}.{key}." for result in results]
                block[:] = self._branch(block, inner) if inner else self._block(block)
            return [statement]
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
            return [statement]
        names, made = _names(statement), statement.value
        if isinstance(made, ast.IfExp) and _is_optional(made):
            otherwise = _parsed(f"{names[0]} = {ast.unparse(made.orelse)}")
            statement.value = made.body
            return [ast.If(made.test, self._noted(statement), otherwise)]
        if isinstance(made, ast.IfExp) and any(map(self._has_branches, names)):
            return self._noted(_branched(statement, made))
        is_known = any(f"{self.scope}{name}" in self.known for name in names)
        kind = self._class_of(made.func) if isinstance(made, ast.Call) else ""
        if kind:
            call = self._call(statement, [], kind)
            return [*_parsed("_enter()"), statement, *_parsed(f"_end({call})")]
        if not is_known:
            return [statement]
        links = self.views.get(f"{self.kind}.{self.scope}{names[0]}", [])
        if links and all(map(str.isidentifier, links)):
            parts = _apart(statement, links)
            return [s for part in [*parts, statement] for s in self._hooked(part)]
        return self._hooked(statement)

    def _hooked(self, statement: ast.stmt) -> list[ast.stmt]:
        names = _names(statement)
        call = self._call(statement, names)
        note = f"_note({call}, ({''.join(f'{name}, ' for name in names)}))"
        outer = getattr(statement, "value", None)
        if isinstance(outer, ast.Call) and isinstance(outer.func, ast.Call):
            flow = outer.func  # _in_python(ops.loop)
            name = ast.unparse(flow.args[0])
            if name == "lax.scan":
                return [statement]
            if name != "lax.cond":
                flow.args.append(ast.parse(call, mode="eval").body)
                return [statement, *_parsed(note.replace("_note", "_keep", 1))]
        return [*_parsed("_start()"), statement, *_parsed(note)]

    def _has_branches(self, name: str) -> bool:
        """Return whether values in branches have names after a result of the ``if``."""
        starts = (f"{self.scope}{name}.then.", f"{self.scope}{name}.else.")
        return any(known.startswith(starts) for known in self.known)

    def _branch(self, block: list[ast.stmt], scopes: list[str]) -> list[ast.stmt]:
        """Return a branch with hooks: its values, then the results that it assigns.

        A value has the first scope in which its name is known.
        """
        outer = self.scope
        assigning = [s for s in block if _names(s)]
        made = dict.fromkeys(n for s in assigning for n in _names(s))
        results = [name for name in made if f"{outer}{name}" in self.known]
        inside: list[ast.stmt] = []
        for statement in block:
            names = _names(statement)
            known = (
                scope
                for scope in scopes
                if any(f"{outer}{scope}{name}" in self.known for name in names)
            )
            self.scope = f"{outer}{next(known, scopes[0])}"
            inside += self._block([statement])
        self.scope = outer
        if not results:
            return inside
        call = self._call(assigning[-1], results)
        note = f"_note({call}, ({''.join(f'{name}, ' for name in results)}))"
        return [*_parsed("_start()"), *inside, *_parsed(note)]

    def _keep(self, statement: ast.stmt) -> str:
        """Return a line that keeps the assigned values that have an ONNX name."""
        names = [n for n in _names(statement) if f"{self.scope}{n}" in self.known]
        call = self._call(statement, names)
        return f"_keep({call}, ({''.join(f'{name}, ' for name in names)}))"

    def _call(self, statement: ast.stmt, names: list[str], node: str = "") -> str:
        labels = tuple(f"{self.scope}{name}" for name in names)
        self.calls.append(Call(labels, node, statement.lineno, self.reused))
        return f"_call({len(self.calls) - 1})"


def _apart(statement: ast.Assign | ast.AnnAssign, names: list[str]) -> list[ast.stmt]:
    """Take the views out of an expression, each as an assignment to its name.

    There are none if the expression was edited.
    """
    outer: Any = statement.value
    holders: list[Any] = []
    for _ in names:
        holders.append(outer.func if isinstance(outer, ast.Call) else outer)
        outer = getattr(holders[-1], "value", None)
        if not isinstance(outer, (ast.Call, ast.Subscript)):
            return []
    parts: list[ast.stmt] = []
    for name, holder in zip(reversed(names), holders):
        part = ast.Assign([ast.Name(name, ast.Store())], holder.value)
        parts.insert(0, ast.copy_location(part, statement))
        holder.value = ast.Name(name, ast.Load())
    return parts


def _branched(statement: ast.Assign | ast.AnnAssign, value: ast.IfExp) -> ast.If:
    """Return the assignment of a conditional expression as ``if`` and ``else``."""
    if isinstance(statement, ast.AnnAssign):
        targets: list[ast.expr] = [statement.target]
    else:
        targets = statement.targets
    parts: list[list[ast.stmt]] = [
        [ast.copy_location(ast.Assign(targets, part), statement)]
        for part in (value.body, value.orelse)
    ]
    return ast.copy_location(ast.If(value.test, *parts), statement)


def _starts(before: list[ast.stmt], loop: ast.For) -> list[ast.stmt]:
    """Return the last statements before a loop that start what it assigns and fills."""
    again = {name for statement in loop.body for name in _names(statement)}
    starts: list[ast.stmt] = []
    for statement in reversed(before):
        is_list = isinstance(getattr(statement, "value", None), ast.List)
        if not is_list and not again.intersection(_names(statement)):
            break
        starts.insert(0, statement)
    return starts


def _parsed(source: str) -> list[ast.stmt]:
    return ast.parse(source).body


def _is_optional(value: ast.IfExp) -> bool:
    """Return whether a value is that of a part of an object that other objects do not have."""
    called = value.body.func if isinstance(value.body, ast.Call) else None
    part = called if isinstance(called, ast.Attribute) else None
    return part is not None and ast.dump(part) == ast.dump(value.test)


def _names(statement: ast.stmt) -> list[str]:
    """Return the variables that a statement assigns to."""
    if isinstance(statement, ast.AnnAssign):
        targets: list[ast.expr] = [statement.target]
    else:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
    tuples = [t for t in targets if isinstance(t, (ast.Name, ast.Tuple))]
    parts = [part for target in tuples for part in ast.walk(target)]
    return [p.id for p in parts if isinstance(p, ast.Name) and p.id != "_"]
