"""What an engine makes of a case: one word, and the reason."""

from __future__ import annotations

import ctypes
import io
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from .case import Case, Feeds, Label, NoAnswerError, Outputs, Run
from .engines import Engine, is_refusal

PASSED, DIFFERS, REFUSED, CRASHED, SLOW = (
    "passed", "differs", "refused", "crashed", "slow",
)  # fmt: skip
OPEN = "open"
"""Nothing says what is right: there is no such case, no oracle, or a known deviation of it."""
VERDICTS = (PASSED, DIFFERS, REFUSED, CRASHED, SLOW, OPEN)

LONGEST = 600
"""The most characters of a reason."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    engine: str
    suite: str
    case: str
    verdict: str
    reason: str = ""
    label: Label = Label()
    seconds: float = 0.0

    @property
    def key(self) -> tuple[str, str]:
        """The suite and the case."""
        return self.suite, self.case


def judge(engine: Engine, case: Case | None) -> tuple[str, str]:
    """Return the verdict on an engine for a case, and the reason.

    A model runs twice: once with copies of the inputs, once with inputs that cannot be written
    to. The first must leave its inputs and its outputs alone, and both must give what is
    expected. Nothing may be printed.
    """
    if case is None:
        return OPEN, "no case has this number"
    try:
        expected = [] if case.check else case.expected()
    except NoAnswerError as error:
        return OPEN, f"no answer: {error}"
    except MemoryError:
        raise
    except Exception as error:
        return OPEN, f"the suite has no answer: {described(error)}"
    with captured() as printed:
        verdict, reason = _judged(engine, case, expected)
        text = printed()
    if verdict == PASSED and text:
        return DIFFERS, f"it printed {text[:100]!r}"
    if case.deviation and verdict in (PASSED, DIFFERS):
        return OPEN, case.deviation
    if case.may_fail and verdict in (CRASHED, REFUSED):
        return OPEN, case.deviation
    return verdict, reason[:LONGEST]


def _judged(engine: Engine, case: Case, expected: Sequence[Outputs]) -> tuple[str, str]:
    try:
        run = engine.prepare(case.model)
    except MemoryError:
        raise  # the limit is of the caller, who knows what it is
    except (Exception, SystemExit) as error:
        kind = REFUSED if is_refusal(error) else CRASHED
        return kind, described(error)
    try:
        if case.check is not None:
            wrong = case.check(run)
        else:
            wrong = next(
                filter(
                    None, (_wrong(run, case, *e) for e in zip(case.feeds, expected))
                ),
                None,
            )
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:
        kind = REFUSED if is_refusal(error) else CRASHED
        return kind, _with_case(described(error), case)
    return (DIFFERS, _with_case(wrong, case)) if wrong else (PASSED, "")


def _with_case(reason: str, case: Case) -> str:
    same_text = case.description in ("", case.name)
    return reason if same_text else f"{reason}; {case.description}"


def _wrong(run: Run, case: Case, feeds: Feeds, expected: Outputs) -> str | None:
    """Say what is wrong with two calls, or None."""
    given = copied(dict(feeds))
    first = outputs_of(run({**given}))
    if wrong := _difference(case, first, expected):
        return wrong
    for name, value in feeds.items():
        if not same(value, given[name]):
            return f"it wrote to the input {name}"
    kept = copied(first)
    try:
        second = outputs_of(run(frozen(dict(feeds))))
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:
        return f"with read-only inputs, a second time: {described(error)}"
    if case.repeatable and not same(first, kept):
        return "the second call changed an output of the first"
    wrong = _difference(case, second, expected)
    return f"with read-only inputs, a second time: {wrong}" if wrong else None


def outputs_of(found: Any) -> list[Any]:
    """Return the outputs that a prepared model has returned, as a list.

    Raises
    ------
    TypeError
        If it is no list of arrays, or of the other values of ONNX.
    """
    if not isinstance(found, (list, tuple)):
        raise TypeError(f"outputs: expected a list, got {type(found).__name__}")
    for number, value in enumerate(found):
        if foreign := _foreign(value):
            raise TypeError(
                f"output {number}: expected an array, a list, a dictionary or None, got {foreign}"
            )
    return list(found)


def _foreign(value: Any) -> str:
    """Return the type of the first thing in an output that is no value of ONNX, if any."""
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple)):
        return next(filter(None, map(_foreign, value)), "")
    known = (np.ndarray, np.generic, str, bytes, int, float, complex, type(None))
    kind = type(value)
    return "" if isinstance(value, known) else f"{kind.__module__}.{kind.__name__}"


def _difference(case: Case, outputs: Outputs, expected: Outputs) -> str | None:
    try:
        return case.difference(copied(outputs), copied(list(expected)))
    except Exception as error:  # outputs may be anything
        return f"the outputs cannot be compared: {type(error).__name__}: {error}"


def described(error: BaseException) -> str:
    """Return an error in a line, with the place where it was raised."""
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = "(an error without a text)"
    frames = traceback.extract_tb(error.__traceback__)[-2:]
    place = " < ".join(
        f"{os.path.basename(f.filename)}:{f.lineno}" for f in reversed(frames)
    )
    kind = type(error).__name__
    return f"{kind}: {text[:400]} ({place})" if place else f"{kind}: {text[:400]}"


# -------------------------------------------------------------------- values


def copied(value: Any) -> Any:
    """Return a copy of arrays in lists, tuples and dictionaries, each in the same layout."""
    if isinstance(value, np.ndarray):
        return value.copy("K")
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [copied(item) for item in value]
        return items if isinstance(value, list) else tuple(items)
    return value


def frozen(value: Any) -> Any:
    """Make all arrays inside a value read-only; return it. Writing to one raises an error."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, dict):
        frozen(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for each in value:
            frozen(each)
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two results have the same bytes, or the same Python values."""
    if isinstance(one, np.ndarray):
        if not isinstance(other, np.ndarray):
            return False
        if one.dtype.kind in "OUS":
            return bool(one.shape == other.shape and one.tolist() == other.tolist())
        return bool(one.shape == other.shape and one.tobytes() == other.tobytes())
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(same(v, other[k]) for k, v in one.items())
        )
    if isinstance(one, (list, tuple)):
        return (
            isinstance(other, (list, tuple))
            and len(one) == len(other)
            and all(map(same, one, other))
        )
    return bool(one == other or one != one)


# -------------------------------------------------------------------- what is printed


class _Printed(io.StringIO):
    """Keeps the start of a text, even if what prints it closes the file."""

    kept = ""

    def write(self, text: str) -> int:
        self.kept += text[: LONGEST - len(self.kept)]
        return len(text)


MOST_PRINTED = 1 << 20
"""How many bytes are kept, where the system can refuse more."""


def _bounded_file() -> int:
    """Return a file of a fixed size, which no engine can fill a disk with; else a temporary one."""
    try:
        import fcntl

        fd = os.memfd_create("printed", os.MFD_ALLOW_SEALING)
        os.ftruncate(fd, MOST_PRINTED)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)
    except (ImportError, AttributeError, OSError):
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    return fd


@contextmanager
def captured() -> Iterator[Callable[[], str]]:
    """Keep what is written to standard output, by C code too; yield what returns it."""
    with os.fdopen(_bounded_file(), "rb", buffering=0) as file:
        fd, text = file.fileno(), _Printed()

        def printed() -> str:
            with suppress(OSError, AttributeError, TypeError):
                ctypes.CDLL(None).fflush(None)
            written = os.lseek(fd, 0, os.SEEK_CUR)
            os.lseek(fd, 0, os.SEEK_SET)
            start = os.read(fd, min(LONGEST, written))
            os.lseek(fd, written, os.SEEK_SET)
            return text.kept + start.decode("utf-8", "replace")

        with suppress(OSError, ValueError):
            sys.stdout.flush()
        kept = os.dup(1)
        try:
            os.dup2(fd, 1)
            with redirect_stdout(text):
                yield printed
        finally:
            os.dup2(kept, 1)
            os.close(kept)
