"""Cases in processes of their own, so that a crash, a hang or a bomb ends one case.

A worker serves one engine and judges one case after the other; it is replaced when it ends, takes
too long, or has judged enough.
"""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from ..errors import OptionError
from ..memory import bounded_memory
from .case import Label
from .engines import Described, engine, engine_name
from .judge import CRASHED, OPEN, SLOW, Outcome, described, judge
from .suites import find_suite

MOST_CASES = 1500
"""How many cases a worker judges, since engines may keep what they have computed."""
STARTING = 120.0
"""The most seconds that a worker may take to import its engine."""
ENDING = 5.0
"""The most seconds between the end of a connection and that of its process."""

Task = tuple[str, str]
"""The suite, as the user spells it, and the case."""


@dataclass(frozen=True)
class Limits:
    """What a case may use: seconds, and bytes of memory beyond what the engine takes by itself."""

    seconds: float = 60.0
    memory: int = 4 << 30


def run_cases(
    what: Described, tasks: Iterable[Task], *, jobs: int, limits: Limits
) -> Iterator[Outcome]:
    """Yield the outcomes of cases on an engine, in the order in which they are known.

    Raises
    ------
    OptionError
        If the engine cannot be sent to another process, or cannot be made there.
    """
    waiting = deque(tasks)
    workers = [_Worker(what, limits) for _ in range(min(jobs, len(waiting)))]
    try:
        while waiting or any(worker.task for worker in workers):
            for worker in workers:
                if worker.is_free and waiting:
                    worker.give(waiting.popleft())
            for worker in _ready(workers):
                yield from worker.receive()
            for worker in workers:
                yield from worker.overdue()
    finally:
        for worker in workers:
            worker.end()


def _ready(workers: Sequence[_Worker]) -> list[_Worker]:
    """Wait for messages, at most until the first worker is overdue."""
    busy = {worker.connection: worker for worker in workers if worker.task}
    left = min(worker.deadline for worker in busy.values()) - time.monotonic()
    found = wait(list(busy), timeout=max(0.0, left))
    return [worker for connection, worker in busy.items() if connection in found]


class _Worker:
    """A process with its connection, and the case that it has."""

    def __init__(self, what: Described, limits: Limits) -> None:
        self.what, self.limits = what, limits
        self.task: Task | None = None
        self.process: Any = None
        self.connection: Any = None
        self.name = engine_name(what)
        self.loaded: set[str] = set()
        self.done = 0
        self.since = self.deadline = 0.0
        self.label = Label()

    @property
    def is_free(self) -> bool:
        return self.task is None

    def give(self, task: Task) -> None:
        """Start a case, in a new process if there is none."""
        if self.process is None or self.done >= MOST_CASES:
            self.end()
            self._start()
        self.task, self.label = task, Label()
        self._set_clock(0.0 if task[0] in self.loaded else STARTING)
        with suppress(OSError):  # it has ended: receive() says so
            self.connection.send(task)

    def receive(self) -> Iterator[Outcome]:
        """Read a message; yield the outcome if it is one."""
        assert self.task is not None
        try:
            kind, found = self.connection.recv()
        except (EOFError, OSError):
            yield self._ended(CRASHED, exit_reason(exit_code(self.process)))
            return
        if kind == "ready":
            self.loaded.add(self.task[0])
            self._set_clock(0.0)
        elif kind == "label":
            self.label = found
        elif kind == "unusable":
            self.end()
            raise OptionError(found)
        else:
            self.done += 1
            yield self._outcome(*found)

    def _set_clock(self, grace: float) -> None:
        self.since = time.monotonic()
        self.deadline = self.since + self.limits.seconds + grace

    def overdue(self) -> Iterator[Outcome]:
        """Yield an outcome and end the process if its time is up."""
        if self.task is not None and time.monotonic() > self.deadline:
            yield self._ended(SLOW, f"not done in {self.limits.seconds:g} seconds")

    def _ended(self, verdict: str, reason: str) -> Outcome:
        self.end()
        return self._outcome(verdict, reason)

    def _outcome(self, verdict: str, reason: str) -> Outcome:
        assert self.task is not None
        suite, case = self.task
        self.task = None
        seconds = time.monotonic() - self.since
        name = suite.partition("=")[0]
        return Outcome(self.name, name, case, verdict, reason, self.label, seconds)

    def _start(self) -> None:
        self.done, self.loaded = 0, set()
        # Libraries keep threads, which a fork would lose.
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(
            target=serve, args=(self.what, theirs, self.limits), daemon=True
        )
        try:
            self.process.start()
        except Exception as error:  # what pickle raises has no common type
            self.process = None
            raise OptionError(
                f"engine: expected one that can be sent to other processes, got {self.what!r:.80} "
                f"({error}); name it as MODULE:OBJECT"
            ) from error
        finally:
            theirs.close()

    def end(self) -> None:
        """Kill the process, if there is one, and those that it has started."""
        if self.process is None:
            return
        end_with_children(self.process)
        self.connection.close()
        self.process = None


def exit_code(process: Any) -> int | None:
    """Return the status of a process whose connection has ended, None if it goes on.

    ``join()`` has no limit of time once an engine has closed all files of its process.
    """
    end = time.monotonic() + ENDING
    while process.is_alive() and time.monotonic() < end:
        time.sleep(0.01)
    code: int | None = process.exitcode
    return code


def exit_reason(code: int | None) -> str:
    """Return how a process ended, in words."""
    if code is None:
        return "the process closed its connection"
    if code < 0:
        with suppress(ValueError):
            return f"the process ended with {signal.Signals(-code).name}"
    return f"the process ended with status {code}"


def own_group() -> None:
    """Make this process the leader of a group, which ends with it.

    What is written outside of cases is not read. Ctrl-C is a matter of the parent, which kills the
    group.
    """
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)


def end_with_children(process: Any) -> None:
    """Kill a process that has called :func:`own_group`, and its group."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def serve(what: Described, connection: Connection, limits: Limits) -> None:
    """Judge the cases that come through a connection, in a process of its own."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    own_group()
    process, folder = os.getpid(), os.getcwd()
    try:
        made = engine(what)
    except Exception as error:
        text = (
            str(error) if isinstance(error, OptionError) else f"{what!r:.80}: {error!r}"
        )
        connection.send(("unusable", text))
        return
    suites: dict[str, Any] = {}
    while True:
        try:
            spec, name = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        os.chdir(folder)  # an engine may have left it
        if spec not in suites:
            try:
                suites[spec] = find_suite(spec)
            except Exception as error:
                connection.send(("unusable", f"suite {spec}: {described(error)}"))
                return
            connection.send(("ready", spec))
        outcome = _judged(made, suites[spec], name, connection, limits)
        if os.getpid() != process:  # a fork of the engine has come back, too
            os._exit(0)
        connection.send(("outcome", outcome))


def _judged(
    made: Any, suite: Any, name: str, connection: Connection, limits: Limits
) -> tuple[str, str]:
    """Judge a case within the limit of memory."""
    try:
        try:
            case = suite.case(name)
        except MemoryError:
            raise
        except Exception as error:
            return OPEN, f"the suite cannot make this case: {described(error)}"
        if case is not None:
            connection.send(("label", case.label))
        with bounded_memory(limits.memory):
            return judge(made, case)
    except MemoryError:
        return CRASHED, f"it wanted more than {limits.memory >> 20} MB of memory"
    except KeyboardInterrupt:
        return CRASHED, "interrupted"
