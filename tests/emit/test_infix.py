"""Operators of Python stand where they are the call of NumPy's function, with every type."""

from __future__ import annotations

import operator

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx2py.emit.calls import Operands, render_call
from onnx2py.emit.infix import PRECEDENCE
from onnx2py.emit.literals import scalar_literal
from onnx2py.emit.spelling import Spelling
from onnx2py.emit.uses import Uses
from onnx2py.ir.program import Call, Expression, Program, Ref
from onnx2py.ir.types import DTYPES, TensorType, tensor_type_of
from onnx2py.targets.numpy_infix import BINARY, OF_ONE

NUMBERS = ["float16", "float32", "float64", "int8", "uint8", "int32", "uint64", "int64"]
TYPES = [*NUMBERS, "bool", "complex64", "bfloat16", "float8e4m3fn"]


def written(call, types, literals=None):
    """Return the source of a call of values with these types; literals are arrays."""
    numbers = literals or {}
    texts = {name: scalar_literal(array, Uses()) for name, array in numbers.items()}
    program = Program("p", (), (), (), numbers, {}, types)
    spelling = Spelling({name: name for name in types}, {}, texts, frozenset())
    operands = Operands(program, spelling)
    return render_call(call, spelling.expression, Uses(), operands)


def tensor(text):
    """Return a type: ``float32 2 3``, or without lengths for an unknown rank."""
    dtype, *lengths = text.split()
    if lengths == ["?"]:
        return TensorType(dtype)
    return TensorType(dtype, tuple(int(n) if n.isdigit() else n for n in lengths))


AB = (Ref("a"), Ref("b"))


@pytest.mark.parametrize(
    ("function", "a", "b", "text"),
    [
        (np.add, "float32 2", "float32 2", "a + b"),
        (np.add, "float32", "float32", "a + b"),
        (np.add, "float32 ?", "float32 ?", "a + b"),
        (np.add, "float32 2", "float16 2", "np.add(a, b)"),
        (np.add, "string 2", "string 2", "np.add(a, b)"),
        (np.add, "complex64 2", "complex64", "a + b"),
        (np.divide, "complex64", "complex64 ?", "np.divide(a, b)"),
        (np.divide, "float16", "float16 ?", "a / b"),
        (np.divide, "int8", "int8", "np.divide(a, b)"),
        (np.multiply, "bfloat16 2", "bfloat16 1", "a * b"),
        (np.multiply, "bfloat16 2", "bfloat16", "np.multiply(a, b)"),
        (np.matmul, "float32 2", "float32 2", "a @ b"),
        (np.matmul, "float32 2", "float32 ?", "np.matmul(a, b)"),
        (np.logical_and, "bool 2", "bool", "a & b"),
        (np.logical_and, "bool", "bool", "np.logical_and(a, b)"),
        (np.logical_and, "int64 2", "int64 2", "np.logical_and(a, b)"),
        (np.bitwise_xor, "int64 2", "int64 2", "a ^ b"),
        (np.right_shift, "uint8 n", "uint8 1", "a >> b"),
        (np.equal, "float32 2", "float32 2", "a == b"),
        (np.equal, "float32 n", "float32", "a == b"),
        (np.equal, "float32 n", "float32 n", "np.equal(a, b)"),
        (np.equal, "float32 2", "float32 3", "np.equal(a, b)"),
        (np.equal, "float32 ?", "float32 2", "np.equal(a, b)"),
        (np.power, "float32 2", "float32 2", "np.power(a, b)"),
        (np.fmod, "float32 2", "float32 2", "np.fmod(a, b)"),
    ],
)
def test_of_two_values(function, a, b, text):
    assert written(Call(function, AB), {"a": tensor(a), "b": tensor(b)}) == text


@pytest.mark.parametrize(
    ("function", "a", "text"),
    [
        (np.negative, "float32", "-a"),
        (np.negative, "float32 2", "-a"),
        (np.invert, "int64 2", "~a"),
        (np.invert, "int64", "np.invert(a)"),
        (np.logical_not, "bool 2", "~a"),
        (np.logical_not, "bool", "np.logical_not(a)"),
        (np.logical_not, "int64 2", "np.logical_not(a)"),
        (np.square, "float32 2", "a**2"),
        (np.square, "float32", "np.square(a)"),
        (np.square, "int64 2", "np.square(a)"),
        (np.square, "bfloat16 2", "np.square(a)"),
    ],
)
def test_of_one_value(function, a, text):
    assert written(Call(function, (Ref("a"),)), {"a": tensor(a)}) == text


def test_of_values_without_a_type():
    types = {"a": None, "b": tensor("float32 2")}
    assert written(Call(np.add, AB), types) == "np.add(a, b)"


def test_options_stay_those_of_a_function():
    types = {"a": tensor("float32 2"), "b": tensor("float32 2")}
    call = Call(np.add, AB, {"out": Ref("a")})
    assert written(call, types) == "np.add(a, b, out=a)"
    call = Call(np.matmul, AB, {"dtype": np.dtype(np.int32)})
    assert written(call, types) == "np.matmul(a, b, dtype=np.int32)"


@pytest.mark.parametrize(
    ("function", "a", "number", "text"),
    [
        (np.add, "float32 2", np.float32(0.1), "a + 0.1"),
        (np.add, "float32", np.float32(0.1), "a + np.float32(0.1)"),
        (np.add, "float32 ?", np.float32(0.1), "a + np.float32(0.1)"),
        (np.add, "float64", np.float64(0.1), "a + 0.1"),
        (np.add, "int64 ?", np.int64(1), "a + 1"),
        (np.add, "int64 2", np.int64(-1), "a - 1"),
        (np.subtract, "float32 2", np.float32(-0.5), "a + 0.5"),
        (np.add, "int64 2", np.int64(-(2**63)), "a + -9223372036854775808"),
        (np.add, "float32 2", np.float32(-0.0), "a + -0.0"),
        (np.add, "float32 2", np.float32(-np.inf), "a - np.inf"),
        (np.multiply, "float32 2", np.float32(-6.25), "a * -6.25"),
        (np.less, "float32 2", np.float32(np.nan), "a < np.nan"),
        (np.equal, "int64 n", np.int64(1), "a == 1"),
    ],
)
def test_of_a_number(function, a, number, text):
    numbers = {"b": np.asarray(number)}
    types = {"a": tensor(a), "b": tensor_type_of(numbers["b"])}
    assert written(Call(function, AB), types, numbers) == text


def test_arithmetic_of_lengths_is_in_parentheses_where_it_must():
    types = {"a": tensor("int64 2"), "t": tensor("int64")}
    for symbol, text in [("+", "a * (t + 1)"), ("*", "a * (t * 1)")]:
        number = Expression(symbol, Ref("t"), 1)
        assert written(Call(np.multiply, (Ref("a"), number)), types) == text
    number = Expression("*", Ref("t"), 2)
    assert written(Call(np.add, (number, Ref("a"))), types) == "t * 2 + a"
    number = Expression("==", Ref("t"), 2)
    assert written(Call(np.less, (number, Ref("a"))), types) == "(t == 2) < a"


def test_each_operator_binds_as_in_python():
    """Compared with Python's own parser: without parentheses, the tighter one is inside."""
    for one, level in PRECEDENCE.items():
        for other, inner in PRECEDENCE.items():
            if level == inner == 1:
                continue  # chained
            tree = compile(f"a {one} b {other} c", "", "eval", 1024).body
            outside = tree.ops[0] if hasattr(tree, "ops") else tree.op
            first_inside = type(outside).__name__ == _NODES[other] and one != other
            assert first_inside == (level >= inner and one != other), (one, other)


_NODES = {
    "+": "Add", "-": "Sub", "*": "Mult", "/": "Div", "//": "FloorDiv", "%": "Mod", "@": "MatMult",
    "|": "BitOr", "^": "BitXor", "&": "BitAnd", "<<": "LShift", ">>": "RShift", "==": "Eq",
    "!=": "NotEq", "<": "Lt", "<=": "LtE", ">": "Gt", ">=": "GtE",
}  # fmt: skip


@settings(max_examples=300)
@given(data=st.data())
def test_computes_what_the_function_does(data):
    """Values of every type, of known and unknown rank, arrays or scalars: same bits and type."""
    dtype = data.draw(st.sampled_from(TYPES))
    one, two = (_array(data, dtype) for _ in "ab")
    is_literal = data.draw(st.booleans()) and two.ndim == 0 and dtype in NUMBERS
    kinds = {"a": tensor_type_of(one), "b": tensor_type_of(two)}
    known = {
        name: kind if data.draw(st.booleans()) else TensorType(kind.dtype)
        for name, kind in kinds.items()
    }
    if data.draw(st.booleans()):  # as NumPy returns them, where no axis is left
        one, two = one[()], two[()]
    numbers = {"b": np.asarray(two)} if is_literal else {}
    for function in (*BINARY, *OF_ONE):
        check_operator(function, one, two, known, numbers)


def check_operator(function, one, two, known, numbers):
    """Compare an operator with the function: values, or the class of the error."""
    args = AB if function in BINARY else AB[:1]
    text = written(Call(function, args), known, numbers)
    try:
        with np.errstate(all="ignore"):
            expected = function(*(one, two)[: len(args)])
    except (TypeError, ValueError) as error:
        with pytest.raises(type(error)):
            _evaluated(text, one, two)
        return
    found = _evaluated(text, one, two)
    assert type(found) is type(expected), text
    assert found.dtype == expected.dtype and found.shape == expected.shape
    assert np.asarray(found).tobytes() == np.asarray(expected).tobytes()


def _array(data, dtype):
    shape = data.draw(st.sampled_from([(), (1,), (2,), (2, 1), (3, 2), (0,), (2, 2)]))
    size = int(np.prod(shape))
    info = DTYPES[dtype]
    numbers = st.sampled_from(
        [0, 1, 2, 3, -1, -7, 0.5, 0.1, -0.0, 1e30, np.inf, np.nan]
    )
    values = data.draw(st.lists(numbers, min_size=size, max_size=size))
    with np.errstate(all="ignore"):
        if info.kind in "iu":
            values = np.nan_to_num(np.array(values, np.float64)).clip(-100, 100)
            values = np.abs(values) if info.kind == "u" else values
        return np.array(values, np.float64).reshape(shape).astype(info)


def _evaluated(text, one, two):
    with np.errstate(all="ignore"):
        return eval(text, {"a": one, "b": two, "np": np, "ml_dtypes": ml_dtypes})


def test_the_table_has_the_functions_that_arrays_call():
    """Compared with what an array passes to its operators."""

    class Asked(np.ndarray):
        def __array_ufunc__(self, function, *_, **__):
            return function

    array = np.zeros(2).view(Asked)
    for function, symbol in BINARY.items():
        if function.__name__.startswith("logical"):
            continue
        two = eval(f"lambda a, b: a {symbol} b")
        assert two(array, array) is function
    assert operator.neg(array) is np.negative and operator.invert(array) is np.invert
