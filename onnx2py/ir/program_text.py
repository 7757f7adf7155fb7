"""Programs as text: what tests of planner rules compare, and what :mod:`.program_parser` reads.

::

    g (x: float32[n, 4], k?: int64[1] = {2}) => (y: float32[n, 4])
      w: float32[4] = {1, 2, 3, 4}  # folded from this: Node
    setup
      s: float32[4] = np.negative(w)
    calls
      a: float32[n, 4] = np.add(x, s)  # a: Add + b: Identity
      c, +1 = ops.top_k(a, k, axis=-1); frees a; literals eps; scopes `head:Linear`
      y = branch(c)
        then () [x] => (t)
          t: float32[n, 4] = np.exp(x)
        else () [x] => (x)

A type stands at the definition of a value, if it is known. ``+1`` are results that nothing reads,
``_`` one among others. After a signature's arrow stand the types that the file promises. Lengths
are Python's arithmetic: ``(n + 1)``. Names that are not words are put into backticks.
"""

from __future__ import annotations

import json
import keyword
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from .blocks import Block, Chosen, Instance, Outline, Setting
from .program import (
    Apply,
    Body,
    Branch,
    Call,
    Expression,
    Invoke,
    Kernel,
    Loop,
    MapItems,
    Operation,
    Program,
    Ref,
    Repeat,
    Scan,
    Statement,
    bodies_of,
)
from .types import (
    MapType,
    OptionalType,
    SequenceType,
    TensorType,
    ValueType,
    dtype_name,
    tensor_type_of,
)

MOST_ELEMENTS = 16
"""Longer arrays are elided: they are written as ``{...}``."""
RESERVED = {*keyword.kwlist} - {"else"}
"""Words that stand for no value where Python reads them; a body may be called ``else``."""
PLAIN_LABEL = re.compile(r"[\w./:-]+: [\w.]+")


def print_program(program: Program) -> str:
    """Return a program as text, which ends in no newline."""
    return "\n".join(_Printer(program.types).program(program))


def quoted(name: str) -> str:
    """Return a name as it is if it is a word, else in backticks."""
    plain = name.isascii() and name.isidentifier() and name != "_"
    if plain and not name.startswith("__") and name not in RESERVED:
        return name
    return f"`{json.dumps(name)[1:-1].replace('`', chr(92) + 'u0060')}`"


def function_path(function: Callable[..., Any] | str) -> str:
    """Return the name of a function: ``ops.conv``, ``np.add``, ``.astype``."""
    if isinstance(function, str):
        return function
    if isinstance(function, Chosen):
        return f"<{function.setting}>"
    module, name = getattr(function, "__module__", ""), function.__name__
    if module.startswith("onnx2py.kernels."):
        return f"ops.{name}"
    return f"np.{name}" if getattr(np, name, None) is function else f"{module}.{name}"


def print_outline(program: Program, outline: Outline) -> str:
    """Return the calls of an outline as text, then its blocks with their instances."""
    lines = ["calls", *_Printer(program.types).block(outline.statements, "  ")]
    for block in outline.blocks.values():
        lines += _Printer(block.types).class_of(block)
    return "\n".join(lines)


def _setting(value: Setting) -> str:
    if not isinstance(value, Kernel):
        return argument(value)
    options = (f"{key}={argument(item)}" for key, item in value.options.items())
    return f"{function_path(value.function)}({', '.join(options)})"


def _instance(instance: Instance) -> str:
    given = [f"{quoted(k)}={quoted(v)}" for k, v in instance.weights.items()]
    given += [f"{quoted(k)}={_setting(v)}" for k, v in instance.settings.items()]
    return f"{instance.path or '_'}({', '.join(given)})"


class _Printer:
    def __init__(self, types: Mapping[str, ValueType]) -> None:
        self.types = types

    def program(self, program: Program) -> Iterator[str]:
        inputs = (
            (
                f"{self.defined(name, '?')} = {array(program.defaults[name])}"
                if name in program.defaults
                else self.defined(name)
            )
            for name in program.inputs
        )
        names = program.output_names or program.outputs
        called = (
            f"{quoted(name)} as {quoted(shown)}" if name != shown else quoted(name)
            for name, shown in zip(program.outputs, names)
        )
        outputs = _with_types(called, program.promised)
        yield f"{quoted(program.name)} ({', '.join(inputs)}) => ({outputs})"
        if program.narrow:
            yield f"  narrow {', '.join(program.narrow)}"
        if program.free_lengths:
            yield f"  free {', '.join(map(quoted, sorted(program.free_lengths)))}"
        for name, weight in program.weights.items():
            yield f"  {quoted(name)}: {printed_type(tensor_type_of(weight))} = {array(weight)}"
        for name, labels in program.folded.items():
            yield f"  folded {quoted(name)}  # {printed_labels(labels)}"
        for title, statements in (
            ("setup", program.setup),
            ("calls", program.statements),
        ):
            if statements:
                yield title
                yield from self.block(statements, "  ")

    def class_of(self, block: Block) -> Iterator[str]:
        """Yield the lines of a block: its signature, its instances and its statements."""
        inputs = ", ".join(map(self.defined, block.inputs))
        weights = ", ".join(map(self.defined, block.weights))
        settings = ", ".join(map(quoted, block.settings))
        outputs = ", ".join(map(quoted, block.outputs))
        yield f"{block.name} ({inputs}) {{{weights}}} <{settings}> => ({outputs})"
        for number, instance in enumerate(block.instances):
            times = sum(a.instance == number for a in block.applications)
            yield f"  {_instance(instance)}" + (f" x {times}" if times > 1 else "")
        yield "calls"
        yield from self.block(block.statements, "  ")

    def block(self, statements: Iterable[Statement], indent: str) -> Iterator[str]:
        for statement in statements:
            yield indent + self.statement(statement)
            for key, body in zip(("then", "else"), bodies_of(statement.operation)):
                yield f"{indent}  {self.signature(body, key)}"
                yield from self.block(body.statements, f"{indent}    ")

    def signature(self, body: Body, key: str) -> str:
        inputs = ", ".join(map(self.defined, body.inputs))
        captures = ", ".join(map(quoted, body.captures))
        outputs = _with_types(map(quoted, body.outputs), body.promised)
        return f"{quoted(body.name)} ({inputs}) [{captures}] => ({outputs})"

    def statement(self, statement: Statement) -> str:
        call = statement.operation
        targets = ", ".join(map(self.defined, statement.outputs))
        results = call.results if isinstance(call, Call) else None
        if results is not None:
            more = results - len(statement.outputs)
            targets += f", +{more}" if more else "," if results == 1 else ""
        elif isinstance(call, Call) and len(statement.outputs) != 1:
            raise ValueError(f"{targets}: expected one output of one result")
        frees, literals = (
            ", ".join(map(quoted, names))
            for names in (statement.frees, statement.literals)
        )
        labels = printed_labels(statement.nodes)
        scopes = ", ".join(quoted(f"{s.path}:{s.class_name}") for s in statement.scopes)
        return "".join(
            (
                f"{targets} = {printed_operation(call)}",
                f"; frees {frees}" if frees else "",
                f"; literals {literals}" if literals else "",
                f"; scopes {scopes}" if scopes else "",
                f"  # {labels}" if labels else "",
            )
        )

    def defined(self, name: str, mark: str = "") -> str:
        """Return a name where it is defined, with what is known of its type."""
        kind = self.types.get(name)
        shown = quoted(name) + mark if name else "_"
        return f"{shown}: {printed_type(kind)}" if kind and name else shown


def printed_labels(labels: Iterable[str]) -> str:
    """Return the labels of nodes, joined by plus signs."""
    shown = (x if PLAIN_LABEL.fullmatch(x) else json.dumps(x) for x in labels)
    return " + ".join(shown)


def printed_type(kind: ValueType | None) -> str:
    """Return a type as text: ``float32[n, 3]``, with ``?`` for what is not known."""
    if isinstance(kind, TensorType):
        if kind.shape is None:
            return f"{kind.dtype}[...]"
        dims = (
            quoted(d) if isinstance(d, str) else str(d or "?" if d is None else d)
            for d in kind.shape
        )
        return f"{kind.dtype}[{', '.join(dims)}]"
    if isinstance(kind, SequenceType):
        return f"sequence({printed_type(kind.element)})"
    if isinstance(kind, OptionalType):
        return f"optional({printed_type(kind.element)})"
    return (
        f"map({kind.key}, {printed_type(kind.value)})"
        if isinstance(kind, MapType)
        else "?"
    )


def _with_types(names: Iterable[str], promised: tuple[ValueType | None, ...]) -> str:
    if not promised:
        return ", ".join(names)
    return ", ".join(f"{n}: {printed_type(t)}" for n, t in zip(names, promised))


def printed_operation(operation: Operation) -> str:
    """Return an operation as a call; those with bodies are called by their class."""
    if isinstance(operation, Call):
        return _call(operation)
    arguments: tuple[Any, ...]
    if isinstance(operation, (Apply, Repeat)):
        return _block_call(operation)
    if isinstance(operation, Branch):
        arguments = (operation.condition,)
    elif isinstance(operation, Loop):
        arguments = (operation.trip_count, operation.condition, *operation.state)
    elif isinstance(operation, MapItems):
        arguments = (operation.inputs, operation.is_sequence)
    elif isinstance(operation, Invoke):
        arguments = operation.arguments
    else:
        assert isinstance(operation, Scan)
        walked = tuple((i.value, i.axis, i.reverse) for i in operation.inputs)
        scans = tuple((o.axis, o.reverse) for o in operation.scans)
        arguments = (operation.state, walked, scans)
    return f"{type(operation).__name__.lower()}({', '.join(map(argument, arguments))})"


def _block_call(operation: Apply | Repeat) -> str:
    if isinstance(operation, Apply):
        arguments: tuple[Any, ...] = operation.arguments
        where = operation.attribute
    else:
        arguments, where = (
            operation.rounds,
            ", ".join(filter(None, operation.attributes)),
        )
    given = ", ".join(map(argument, arguments))
    return f"{operation.block}({given})" + (f" at {where}" if where else "")


def _call(call: Call) -> str:
    args = list(map(argument, call.args))
    if call.function is operator.getitem and len(args) == 2 and not call.kwargs:
        index = call.args[1]
        inside = args[1]
        if isinstance(index, tuple) and index:
            inside = _parts(index, _bounds)
        return f"{args[0]}[{inside}]"
    args += [f"{key}={argument(value)}" for key, value in call.kwargs.items()]
    return f"{function_path(call.function)}({', '.join(args)})"


def _bounds(item: Any) -> str:
    if not isinstance(item, slice):
        return argument(item)
    start, stop, step = (
        "" if bound is None else argument(bound)
        for bound in (item.start, item.stop, item.step)
    )
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


def _parts(items: tuple[Any, ...], spell: Callable[[Any], str]) -> str:
    return ", ".join(map(spell, items)) + ("," if len(items) == 1 else "")


def argument(value: Any) -> str:
    """Return an argument in Python's syntax; a dtype as ``np.int8``, a type in ``type()``."""
    if isinstance(value, Ref):
        return quoted(value.name)
    if isinstance(value, Expression):
        return _expression(value)
    if isinstance(value, tuple):
        return f"({_parts(value, argument)})"
    if isinstance(value, slice):
        return (
            f"slice({', '.join(map(argument, (value.start, value.stop, value.step)))})"
        )
    if isinstance(value, np.dtype):
        return f"np.{dtype_name(value)}"
    if isinstance(value, type):
        return f"type(np.{dtype_name(np.dtype(value))})"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, Kernel):
        return _kernel(value)
    return "..." if value is Ellipsis else repr(value)


def _kernel(value: Kernel) -> str:
    path = function_path(value.function)
    options = "".join(f", {key}={argument(v)}" for key, v in value.options.items())
    return f"partial({path}{options})" if options else path


def array(numbers: np.ndarray) -> str:
    """Return the elements of an array, in C order; none of a long one."""
    if numbers.size > MOST_ELEMENTS:
        return "{...}"
    spell = json.dumps if numbers.dtype.kind in "OU" else str
    return f"{{{', '.join(spell(x) for x in numbers.ravel())}}}"


def _expression(value: Expression) -> str:
    """Return arithmetic in Python's syntax, each operation in parentheses."""
    left, right = argument(value.left), argument(value.right)
    if value.operator.isalpha():
        return f"{value.operator}({left}, {right})"
    return f"({left} {value.operator} {right})"
