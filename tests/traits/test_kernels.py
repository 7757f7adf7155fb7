"""The tables of functions have a row for each that a rule can call, and the rows are true."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np
import pytest

import onnx2py.lowering
import onnx2py.plan
from onnx2py.front import read
from onnx2py.ir.program import Call, Program, Ref
from onnx2py.options import Options
from onnx2py.testing.fuzz.registry import draw_case, generators
from onnx2py.traits.kernels import KERNELS, UNKNOWN, kernel_traits

KERNEL_MODULES = "onnx2py.kernels."


# ---------------------------------------------------------------------- each has a row


def modules() -> Iterator[ModuleType]:
    """Yield the modules of lowering rules and of the planner's rules."""
    for package in (onnx2py.lowering, onnx2py.plan):
        for module in pkgutil.iter_modules(package.__path__):
            yield importlib.import_module(f"{package.__name__}.{module.name}")


def mentioned(module: ModuleType) -> Iterator[Callable[..., Any]]:
    """Yield the kernels and NumPy functions that a module names without calling them.

    A rule hands a function on: to a call, to another rule, to a table. What it calls itself
    computes in the compiler.
    """
    tree = ast.parse(inspect.getsource(module))
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = dict(vars(module))
    for node in ast.walk(tree):  # imports inside of functions
        if isinstance(node, ast.ImportFrom) and "kernels" in (node.module or ""):
            source = importlib.import_module(f"onnx2py.{node.module}")
            for each in node.names:
                if hasattr(source, each.name):
                    names.setdefault(
                        each.asname or each.name, getattr(source, each.name)
                    )
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in called:
            try:
                value = eval(ast.unparse(node), names)
            except (AttributeError, NameError):
                continue
            if is_function(value):
                yield value


def is_function(value: Any) -> bool:
    if isinstance(value, np.ufunc):
        return True
    origin = getattr(value, "__module__", None) or ""
    is_numpy = (
        origin == "numpy" and getattr(np, getattr(value, "__name__", ""), None) is value
    )
    return (
        callable(value)
        and not isinstance(value, type)
        and (is_numpy or origin.startswith(KERNEL_MODULES))
    )


def methods(module: ModuleType) -> set[str]:
    """Return the methods of arrays that a module hands to calls, as ``.astype``."""
    arguments = [
        node.args[0]
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call) and node.args
        and ast.unparse(node.func).rpartition(".")[2] in ("call", "Call")
    ]  # fmt: skip
    values = [node.value for node in arguments if isinstance(node, ast.Constant)]
    return {value for value in values if isinstance(value, str)}


@cache
def callable_by_rules() -> frozenset[Any]:
    functions: set[Any] = set()
    for module in modules():
        functions.update(mentioned(module), methods(module))
    return frozenset(functions)


def spelled(function: Any) -> str:
    if isinstance(function, str):
        return function
    return f"{function.__module__.removeprefix(KERNEL_MODULES)}.{function.__name__}"


WITHOUT_ROW = {"image.image_decoder"}
"""Its module imports Pillow, which is optional."""


def test_every_function_that_a_rule_can_call_has_a_row():
    functions = callable_by_rules()
    assert len(functions) > 300
    missing = {spelled(f) for f in functions if f not in KERNELS} - WITHOUT_ROW
    assert not missing, f"add to onnx2py/traits/: {sorted(missing)}"


def test_every_row_is_of_a_function_that_a_rule_can_call():
    functions = callable_by_rules()
    unused = {spelled(f) for f in KERNELS if f not in functions} - {"_operator.getitem"}
    assert not unused


def test_rows_are_in_order():
    for name in ("tensor", "network", "quantized", "learning"):
        module = importlib.import_module(f"onnx2py.traits.{name}_kernels")
        names = [spelled(function) for function in getattr(module, name.upper())]
        assert names == sorted(names)


def test_of_a_function_without_a_row_nothing_is_known():
    call = Call(len, ())
    assert kernel_traits(len) is UNKNOWN
    assert not UNKNOWN.makes_new(call) and not UNKNOWN.view and UNKNOWN.cost is None


# ---------------------------------------------------------------------- rows are true


class Run:
    """A call with the values that it takes and returns."""

    def __init__(self, call: Call, values: dict[str, Any]) -> None:
        def value(argument: Any) -> Any:
            if isinstance(argument, Ref):
                return values[argument.name]
            return (
                tuple(map(value, argument)) if isinstance(argument, tuple) else argument
            )

        self.call = call
        self.row = kernel_traits(call.function)
        self.args = [value(argument) for argument in call.args]
        self.kwargs = {name: value(given) for name, given in call.kwargs.items()}
        before = DRAWS.call_count
        result = self.computed()
        self.draws = DRAWS.call_count > before
        self.results = [result] if call.results is None else list(result)

    def computed(self, **options: Any) -> Any:
        function, args = self.call.function, self.args
        if isinstance(function, str):
            function, args = getattr(args[0], function[1:]), args[1:]
        return function(*args, **self.kwargs, **options)

    @property
    def arrays(self) -> list[np.ndarray]:
        given = [*self.args, *self.kwargs.values()]
        inside = [
            item
            for value in given
            if isinstance(value, (list, tuple))
            for item in value
        ]
        return [value for value in (*given, *inside) if isinstance(value, np.ndarray)]


def runs_of(program: Program, inputs: Mapping[str, Any]) -> Iterator[Run]:
    """Compute a program call by call, up to its first loop or branch."""
    values = {
        **program.weights,
        **program.defaults,
        **inputs,
    }
    for statement in (*program.setup, *program.statements):
        if not isinstance(statement.operation, Call):
            return
        operation = statement.operation
        kwargs = {k: v for k, v in operation.kwargs.items() if k != "out"}
        run = Run(
            Call(operation.function, operation.args, kwargs, operation.results), values
        )
        yield run
        arrays = [
            np.asarray(r) if isinstance(r, np.generic) else r for r in run.results
        ]
        values.update(zip(statement.outputs, arrays))


DRAWS = mock.Mock(wraps=np.random.default_rng)
CASES = 6
"""How many random cases of each operator; they are the same in every run."""


@pytest.fixture(scope="module")
def runs() -> Iterator[list[Run]]:
    """Return the calls of the fuzzer's first cases, at both levels of optimization."""
    found: list[Run] = []
    drawn = (draw_case(*key, number) for key in generators() for number in range(CASES))
    with np.errstate(all="ignore"), mock.patch.object(np.random, "default_rng", DRAWS):
        for number, case in enumerate(case for case in drawn if case):
            # What onnxruntime refuses too; what ran before the error counts.
            with suppress(
                onnx2py.Onnx2pyError, ArithmeticError, LookupError, ValueError
            ):
                program = read(case.model(), Options(level=number % 2)).program()
                for run in runs_of(program, case.feeds):
                    found.append(run)
        yield found


def share(a: Any, b: Any) -> bool:
    return (
        isinstance(a, np.ndarray)
        and isinstance(b, np.ndarray)
        and np.shares_memory(a, b)
    )


def test_new_arrays_share_no_memory(runs):
    count = 0
    for run in runs:
        if run.row.makes_new(run.call):
            count += 1
            for place, result in enumerate(run.results):
                others = [*run.arrays, *run.results[:place]]
                assert not any(share(result, other) for other in others), run.call
                assert (
                    not isinstance(result, np.ndarray) or result.flags.writeable
                ), run.call
    assert count > 1000


def test_views_have_the_elements_of_the_first_argument(runs):
    count = 0
    for run in runs:
        first = run.args[0] if run.args else None
        if run.row.view and isinstance(first, np.ndarray):
            count += 1
            (result,) = run.results
            elements = set(map(repr, first.ravel().tolist()))
            assert elements.issuperset(map(repr, np.ravel(result).tolist())), run.call
            assert not any(share(result, other) for other in run.arrays[1:]), run.call
    assert count > 50


def test_results_can_be_written_over_an_operand(runs):
    count = 0
    for run in runs:
        places = (
            range(1 if run.row.out == "first" else len(run.args)) if run.row.out else ()
        )
        for place in places:
            operand, (result, *_) = run.args[place], run.results
            same = isinstance(operand, np.ndarray) and operand.ndim
            if same and (operand.shape, operand.dtype) == (
                np.shape(result),
                result.dtype,
            ):
                count += 1
                run.args[place] = operand.copy()
                written = run.computed(out=run.args[place])
                assert written is run.args[place] or share(written, run.args[place])
                np.testing.assert_array_equal(written, result, str(run.call))
                run.args[place] = operand
    assert count > 50


def test_what_draws_numbers_is_random(runs):
    drawing = {spelled(run.call.function) for run in runs if run.draws}
    assert drawing
    random = {spelled(function) for function, row in KERNELS.items() if row.random}
    assert drawing <= random
