"""Reports and errors as JSON, for programs: fields as in the library's classes."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from .errors import ModelErrors, Onnx2pyError

VERDICTS = ("agrees", "supported")
"""Properties that are written beside the fields."""


def report_json(report: object) -> str:
    """Return the result of a command as JSON, which has null in place of NaN and infinity."""
    return json.dumps(as_data(report), indent=2)


def error_json(error: Onnx2pyError) -> str:
    """Return an error as JSON, with all problems of the model that it lists."""
    return json.dumps({"error": _error(error)}, indent=2)


def as_data(value: Any) -> Any:
    """Return a report as what JSON can hold."""
    if is_dataclass(value):
        data = {each.name: as_data(getattr(value, each.name)) for each in fields(value)}
        verdicts = {v: getattr(value, v) for v in VERDICTS if hasattr(value, v)}
        return {**data, **verdicts}
    if isinstance(value, Mapping):
        return {str(key): as_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_data(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (str, bool, int)) or value is None:
        return value
    number = float(value)  # NumPy's own numbers too
    return number if math.isfinite(number) else None


def _error(error: Onnx2pyError) -> dict[str, Any]:
    data: dict[str, Any] = {"type": type(error).__name__, "message": str(error)}
    if isinstance(error, ModelErrors):
        data["models"] = [{"model": n, **_error(e)} for n, e in error.errors]
    elif hasattr(error, "problems"):
        data["problems"] = as_data(error.problems)
    return data
