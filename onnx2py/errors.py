"""The errors that users see: *subject: expected X, got Y*.

Every error of the project is an :class:`Onnx2pyError`, so that one ``except`` is enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class Onnx2pyError(Exception):
    """Base class of all errors that onnx2py reports to the user."""


class LoadError(Onnx2pyError):
    """The model or its external data cannot be read."""


class DecodeError(Onnx2pyError):
    """The file was read, but it is not a valid ONNX graph."""


class OutputError(Onnx2pyError):
    """The output cannot be written."""


class OptionError(Onnx2pyError):
    """An option or a combination of options is not valid."""


class VerifyError(Onnx2pyError):
    """A package could not be compared with its model, or differs from it."""


class InternalError(Onnx2pyError):
    """A bug in onnx2py."""

    def __init__(self, message: str) -> None:
        super().__init__(
            f"{message} (this is a bug in onnx2py: please report it with the model)"
        )


@dataclass(frozen=True)
class Problem:
    """Something that the compiler does not support: where, what, why, and what to try.

    ``node`` is the ONNX node's name, ``operator`` the operator with its domain and version,
    as in ``Resize (opset 19)``.
    """

    node: str
    operator: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.node or '(unnamed node)'}: {self.operator}: {self.what}"
        return f"{text}; {self.hint}" if self.hint else text


class LimitError(Onnx2pyError):
    """The model exceeds a limit in the options: nodes, or elements of a tensor.

    ``listed`` has a line for each value that is too large; ``hint`` says what to try.
    """

    def __init__(
        self, heading: str, listed: Sequence[str] = (), hint: str = ""
    ) -> None:
        self.heading, self.listed, self.hint = heading, tuple(listed), hint
        lines = [heading, *(f"  {line}" for line in listed), hint]
        super().__init__("\n".join(filter(None, lines)))


class ModelErrors(Onnx2pyError):
    """Some of several models cannot be compiled.

    ``errors`` has the name and the error of each.
    """

    def __init__(self, errors: Sequence[tuple[str, Onnx2pyError]]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(of_model(n, str(e)) for n, e in self.errors))


def of_model(name: str, message: str) -> str:
    """Prefix a message with the name of the model, unless it begins with it."""
    return message if message.startswith(f"{name}:") else f"{name}: {message}"


class UnsupportedError(Onnx2pyError):
    """The model uses operators or attributes that onnx2py does not support.

    ``problems`` lists all of them, not just the first.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(_listed(self.problems, "unsupported"))


class InvalidModelError(DecodeError):
    """Types or shapes in the model contradict each other, so that no program can run it.

    ``problems`` lists all affected nodes, not just the first.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(_listed(self.problems, "invalid"))


def from_here(path: Path) -> str:
    """Return a path as seen from the working folder, if it is in that folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 call``, ``2 calls``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _listed(problems: Sequence[Problem], what: str) -> str:
    heading = f"{counted(len(problems), f'{what} node')}:"
    return "\n".join([heading, *(f"  {problem}" for problem in problems)])
