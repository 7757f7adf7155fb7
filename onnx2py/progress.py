"""Progress of long work: one line on a terminal, which is gone when the work is done."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from .terminal import plain

Tell = Callable[[str, float], None]
"""Called with what is being done and how much of all is done, from 0 to 1."""

DELAY = 0.4
"""Seconds before the line appears: short work needs none."""

INTERVAL = 0.2
WIDTH = 24
EARLIEST = 1.0
"""Seconds before the time left is estimated."""


@contextmanager
def bar(stream: IO[str]) -> Iterator[Tell]:
    """Show a bar, the time left and the current step; yield what to tell about them."""
    line = _Line(stream)
    thread = threading.Thread(target=line.run, daemon=True)
    thread.start()
    try:
        yield line.tell
    finally:
        line.stop.set()
        thread.join()
        line.clear()


@contextmanager
def steps(stream: IO[str]) -> Iterator[Tell]:
    """Write a line for each step, with the seconds since the start."""
    start = time.perf_counter()

    def tell(what: str, _done: float) -> None:
        print(f"{time.perf_counter() - start:7.2f} s  {plain(what)}", file=stream)

    yield tell


class _Line:
    """The line; a thread of its own draws it, since a step may take long."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream, self.stop = stream, threading.Event()
        self.start = self.told = time.perf_counter()
        self.state = ("starting", 0.0)
        self.shown = False

    def tell(self, what: str, done: float) -> None:
        self.told = time.perf_counter()
        self.state = (what, done)

    def run(self) -> None:
        self.stop.wait(DELAY)
        while not self.stop.is_set():
            self.draw()
            self.stop.wait(INTERVAL)

    def draw(self) -> None:
        now = time.perf_counter()
        what, done = self.state
        text = describe(what, done, self.told - self.start, now - self.start)
        width = shutil.get_terminal_size().columns - 1
        self._write(f"\r\x1b[K{text[:width]}")
        self.shown = True

    def clear(self) -> None:
        if self.shown:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):  # the terminal is gone
            self.stop.set()


def describe(what: str, done: float, told: float, now: float) -> str:
    """Return the line: a bar, the time left if it can be told, and what is being done.

    Parameters
    ----------
    what : the current step
    done : how much of the work was done when it began, from 0 to 1
    told : when it began, in seconds since the start
    now : seconds since the start
    """
    full = round(WIDTH * min(max(done, 0.0), 1.0))
    left = told * (1 - done) / done - (now - told) if done > 0 else 0.0
    estimate = f"{_clock(left)} left" if now >= EARLIEST and left >= 1 else _clock(now)
    return f"{'#' * full}{'-' * (WIDTH - full)}  {estimate:>10}  {plain(what)}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
