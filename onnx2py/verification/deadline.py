"""How long a verification may take, all in all: ``--time-limit``.

onnxruntime cannot be interrupted while it makes a session, and a run of it ends only after the
node that is being computed: work is done in a thread that is waited for as long as there is time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Thread
from time import monotonic
from typing import Any

from ..errors import VerifyError

STOPPING = 10.0
"""How long interrupted work may take to end, in seconds."""

_END: ContextVar[tuple[float, float] | None] = ContextVar("end", default=None)
"""When time is up, and the seconds that were allowed."""


class TimeUp(VerifyError):
    """A verification that takes longer than it may."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Give what is done inside that many seconds."""
    token = _END.set((monotonic() + seconds, seconds))
    try:
        yield
    finally:
        _END.reset(token)


def seconds_left() -> float | None:
    """Return how much time is left, None if there is no limit.

    Raises
    ------
    TimeUp
        If there is none.
    """
    limit = _END.get()
    if limit is None:
        return None
    end, allowed = limit
    left = end - monotonic()
    if left <= 0:
        raise TimeUp(
            f"verify: expected to be done in {allowed:g} seconds, got no result; "
            "--time-limit allows it more"
        )
    return left


def in_time(work: Callable[[], Any], stop: Callable[[], None]) -> Any:
    """Return the result of ``work``; call ``stop`` if it is interrupted or time is up.

    Raises
    ------
    TimeUp
        If there is no time left before it is done. Its thread may go on for a while.
    """
    answer: list[Any] = []
    thread = Thread(target=_answer, args=(work, answer), daemon=True)
    left = seconds_left()
    thread.start()
    try:
        thread.join(left)
    except BaseException:
        stop()
        thread.join(STOPPING)
        raise
    while thread.is_alive():
        stop()
        thread.join(seconds_left())
    if isinstance(answer[0], Exception):
        raise answer[0]
    return answer[0]


def _answer(work: Callable[[], Any], answer: list[Any]) -> None:
    try:
        answer.append(work())
    except Exception as error:
        answer.append(error)
