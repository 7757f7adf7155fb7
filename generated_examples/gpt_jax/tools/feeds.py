"""Conversion and checks of a session's inputs, with onnxruntime's error messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable, Optional

import numpy as np

from .arrays import TensorSpec, parse_type, shown, tensor_type

Failure = Callable[[str, str], Exception]
"""Creates the exception that onnxruntime raises, from its class name and a message."""

_SPELLINGS = {"float32": "float", "float64": "double"}
_HINT = "Please fix either the inputs/outputs or the model."


def check_names(
    specs: Sequence[TensorSpec],
    fixed: Sequence[TensorSpec],
    feed: Mapping[str, Any],
    failure: Failure,
    unknown: bool = True,
) -> None:
    """Check that every required input has a value, and no input that became a weight.

    If ``unknown``, reject other names.
    """
    missing = [
        spec.name
        for spec in specs
        if not (spec.optional or may_be_none(spec)) and feed.get(spec.name) is None
    ]
    if missing:
        raise failure(
            "ValueError",
            f"Required inputs ({missing}) are missing from input feed ({list(feed)}).",
        )
    for spec in fixed:
        if feed.get(spec.name) is not None:
            raise failure("InvalidArgument", became_weight(spec))
    known = {spec.name for spec in (*specs, *fixed)}
    for name in feed if unknown else ():
        if name not in known:
            raise failure("InvalidArgument", f"Invalid input name: {shown(name)}")


def became_weight(spec: TensorSpec) -> str:
    """Return why an input of the ONNX file takes no value."""
    return (
        f"{shown(spec.name)}: expected no value, since the default became a weight; "
        "compile the model with --overridable to pass others"
    )


def places_of(
    specs: Sequence[TensorSpec], names: Optional[Iterable[str]], failure: Failure
) -> Sequence[int]:
    """Return the indices of the requested outputs; without names, of all.

    Raises
    ------
    TypeError
        If ``names`` is not a collection of names.
    """
    if not names:
        return range(len(specs))
    if isinstance(names, (str, bytes, dict)) or not isinstance(names, Iterable):
        raise TypeError(f"output_names: expected a list, got {names!r}")
    requested = [as_name(name) for name in names]
    if not requested:
        raise TypeError("output_names: expected names, got an empty iterator")
    known = [spec.name for spec in specs]
    for name in requested:
        if name not in known:
            raise failure("InvalidArgument", f"Invalid output name:{shown(name)}")
    return [known.index(name) for name in requested]


def as_name(name: Any) -> str:
    """Return the name of an input or output as str; bytes hold UTF-8.

    Raises
    ------
    TypeError
        If it is neither str nor bytes.
    """
    if isinstance(name, (bytes, bytearray)):
        return name.decode("utf-8")
    if not isinstance(name, str):
        raise TypeError(f"name: expected str, got {type(name).__name__}")
    return name


def fed(spec: TensorSpec, value: Any, failure: Failure) -> Any:
    """Convert a value to a model input: lists become arrays, an ``OrtValue`` is unwrapped."""
    value = getattr(value, "held", value)
    if "(" in spec.dtype:
        value = value if value is None else _collection(spec, value, failure)
    elif isinstance(value, list):
        value = _array(spec, value, failure)
    elif not isinstance(value, (dict, type(None))):
        value = np.asarray(value)
    # onnxruntime does not check the rank of an input that should be a scalar.
    is_single = spec.shape == () and np.shape(value) == (1,)
    return value.reshape(()) if is_single else value


def check_tensor(spec: TensorSpec, value: Any, failure: Failure) -> None:
    """Raise onnxruntime's error for a tensor of the wrong type, rank or shape."""
    if value is None:
        return
    name, shape = shown(spec.name), spec.shape or ()
    if "(" not in spec.dtype:
        actual = type_of_value(value, "")
        if actual != onnx_type(spec.dtype):
            raise _wrong_type(spec, actual, onnx_type(spec.dtype), failure)
    elif not isinstance(value, np.ndarray):
        return  # fed() has checked the type
    if shape and len(shape) != value.ndim:
        raise failure(
            "InvalidArgument",
            f"Invalid rank for input: {name} Got: {value.ndim} "
            f"Expected: {len(shape)} {_HINT}",
        )
    wrong = "".join(
        f" index: {axis} Got: {got} Expected: {expected}\n"
        for axis, (got, expected) in enumerate(zip(value.shape, shape))
        if isinstance(expected, int) and got != expected
    )
    if wrong:
        raise failure(
            "InvalidArgument",
            f"Got invalid dimensions for input: {name} for the following indices\n"
            f"{wrong} {_HINT}",
        )


def reason_of(error: Exception) -> str:
    """Return the message of an error without the number of onnxruntime's class."""
    text = str(error) or type(error).__name__
    return re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text)


def may_be_none(spec: TensorSpec) -> bool:
    """Return whether an input may be missing although it has no default."""
    return spec.dtype.startswith("optional(")


def onnx_type(kind: str) -> str:
    """Convert a type to onnxruntime's spelling.

    >>> onnx_type("sequence(map(int64, float32[]))")
    'seq(map(int64,tensor(float)))'
    """

    def tensor(match: re.Match[str]) -> str:
        return f"tensor({_SPELLINGS.get(match[1], match[1])})"

    text = kind if "(" in kind else f"{kind}[]"
    text = re.sub(r"(\w+)\[[^\]]*\]", tensor, text)
    return text.replace("sequence(", "seq(").replace(", ", ",")


def type_of_value(value: Any, expected: str) -> str:
    """Return the type of a value in onnxruntime's spelling; ``expected`` fills gaps."""
    if isinstance(value, np.ndarray):
        return onnx_type(tensor_type(value).partition("[")[0])
    if isinstance(value, list):
        kinds = {type_of_value(item, _inside(expected)): None for item in value}
        return f"seq({','.join(kinds)})" if kinds else expected
    if isinstance(value, dict):
        for key, item in value.items():  # all keys have one type, all values another
            kind = _inside(expected).partition(",")[2] or _type_of_scalar(item)
            return f"map({_inside(_type_of_scalar(key))},{kind})"
        return expected
    return type(value).__name__


def _type_of_scalar(value: Any) -> str:
    """Return the type of a dictionary's key or value."""
    if isinstance(value, str):
        return "tensor(string)"
    return f"tensor({'int64' if isinstance(value, (int, np.integer)) else 'float'})"


def _array(spec: TensorSpec, values: list[Any], failure: Failure) -> Any:
    """Convert a list to an array of the input's dtype."""
    dtype, _ = parse_type(f"{spec.dtype}[...]")
    try:
        array = np.asarray(values, dtype)
    except (OverflowError, TypeError, ValueError) as error:
        raise failure(
            "RuntimeError",
            "Could not create tensor from given input list for input: "
            f"{shown(spec.name)}: {error}",
        ) from None
    if dtype == object and array.size:
        return np.asarray(np.frompyfunc(str, 1, 1)(array), object)
    return array


def _collection(spec: TensorSpec, value: Any, failure: Failure) -> Any:
    """Check the types in a sequence, a map or an optional value, and return it."""
    if isinstance(value, list):
        value = [np.asarray(v) if isinstance(v, np.generic) else v for v in value]
    expected = onnx_type(spec.dtype)
    expected = _inside(expected) if may_be_none(spec) else expected
    actual = type_of_value(value, expected)
    if actual != expected and "?" not in expected:
        raise _wrong_type(spec, actual, expected, failure)
    return value


def _wrong_type(
    spec: TensorSpec, actual: str, expected: str, failure: Failure
) -> Exception:
    return failure(
        "InvalidArgument",
        f"Unexpected input data type. Actual: ({actual}) , expected: ({expected}) "
        f"for input: {shown(spec.name)}",
    )


def _inside(kind: str) -> str:
    """Return the part of a type between its parentheses."""
    return kind[kind.find("(") + 1 : -1]
