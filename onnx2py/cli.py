"""The command: arguments in, exit status out.

0 the package was made, 1 the model cannot be compiled, 2 wrong usage, 3 the package was made
but differs from the model, 130 interrupted, 143 terminated. ``check``, ``verify`` and ``shim``
as the first argument are commands of their own; a file of such a name is spelt ``./check``.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from .arguments import (
    limit_options,
    parse_check,
    parse_compile,
    parse_shim,
    parse_verify,
    shaping_options,
)
from .errors import InternalError, Onnx2pyError

if TYPE_CHECKING:
    from .pipeline import Progress, Report

MADE, NOT_COMPILABLE, DIFFERS, INTERRUPTED = 0, 1, 3, 130
TERMINATED = 128 + signal.SIGTERM


def command() -> NoReturn:
    """Run the command and end the process with its exit status."""
    try:
        status = main()
    except SystemExit as ended:
        if ended.code != TERMINATED:
            raise
        status = TERMINATED
    if status in (INTERRUPTED, TERMINATED):
        # onnxruntime may be computing still, and aborts if the interpreter goes first.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(status)
    sys.exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status.

    Raises
    ------
    SystemExit
        With status 2, if the arguments are wrong.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names of a model may be in any script
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["check"]:
        chosen, run = parse_check(given[1:]), _check
    elif given[:1] == ["verify"]:
        chosen, run = parse_verify(given[1:]), _verify
    elif given[:1] == ["shim"]:
        chosen, run = parse_shim(given[1:]), _shim
    else:
        chosen, run = parse_compile(given), _make
    try:
        with _ended_in_order():
            return run(chosen)
    except KeyboardInterrupt:
        print("onnx2py: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Onnx2pyError as error:
        return _fail(error, chosen.verbose)
    except MemoryError as error:
        message = "expected more memory: the model does not fit into what there is"
        return _fail(Onnx2pyError(message), chosen.verbose, error)
    except Exception as error:
        bug = InternalError(f"{type(error).__name__}: {error}")
        return _fail(bug, chosen.verbose, error)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM end the command as an exception does: temporary folders are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _make(chosen: argparse.Namespace) -> int:
    report = _compile(chosen)
    if not chosen.quiet:
        from .summary import summary

        _say(summary(report, verbose=chosen.verbose))
    if report.agrees:
        return MADE
    print("onnx2py: error: the package differs from the model", file=sys.stderr)
    return DIFFERS


def _shim(chosen: argparse.Namespace) -> int:
    from .shim import compile_shim

    with _progress(chosen) as progress:
        report = compile_shim(
            chosen.models,
            chosen.folder,
            distribution=chosen.distribution,
            progress=progress,
            level=chosen.level,
            verify=chosen.verify,
            seed=chosen.seed,
            rtol=chosen.rtol,
            time_limit=chosen.time_limit,
            force=chosen.force,
            ops=tuple(chosen.ops),
            wheel=chosen.wheel,
            **limit_options(chosen),
        )
    if not chosen.quiet:
        from .summary import shim_summary

        _say(shim_summary(report, verbose=chosen.verbose))
    if report.agrees:
        return MADE
    print("onnx2py: error: a package differs from its model", file=sys.stderr)
    return DIFFERS


def _check(chosen: argparse.Namespace) -> int:
    from .inspection import inspect_model
    from .summary import inspection_json, inspection_text

    found = inspect_model(
        chosen.model,
        level=chosen.level,
        **limit_options(chosen),
        **shaping_options(chosen),
    )
    _say(inspection_json(found) if chosen.json else inspection_text(found))
    return MADE if found.supported else NOT_COMPILABLE


def _verify(chosen: argparse.Namespace) -> int:
    from .summary import node_report, verdict
    from .verify import verify_existing

    found = verify_existing(
        chosen.package,
        chosen.model,
        per_node=chosen.per_node or chosen.all,
        data=tuple(chosen.data),
        seed=chosen.seed,
        rtol=chosen.rtol,
        time_limit=chosen.time_limit,
        **limit_options(chosen),
        **shaping_options(chosen),
    )
    lines = [f"{chosen.package}:", *verdict(found, verbose=chosen.verbose)]
    if found.nodes is not None:
        lines += node_report(found.nodes, everything=chosen.all)
    _say("\n".join(lines))
    same = found.agrees and (found.nodes is None or found.nodes.first is None)
    return MADE if same else DIFFERS


def _compile(chosen: argparse.Namespace) -> Report:
    from .pipeline import compile_model

    with _progress(chosen) as progress:
        return compile_model(
            chosen.model,
            chosen.out,
            progress=progress,
            level=chosen.level,
            verify=chosen.verify or bool(chosen.data),
            data=tuple(chosen.data),
            seed=chosen.seed,
            rtol=chosen.rtol,
            force=chosen.force,
            time_limit=chosen.time_limit,
            wheel=chosen.wheel,
            zipapp=chosen.zipapp,
            single_file=chosen.single_file,
            report=chosen.report,
            sbom=chosen.sbom,
            **limit_options(chosen),
            **shaping_options(chosen),
        )


def _say(text: str) -> None:
    """Print to whoever still listens."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        sys.stdout = None  # nothing to flush at exit


def _fail(
    error: Onnx2pyError, verbose: bool, cause: BaseException | None = None
) -> int:
    from .summary import error_text

    if verbose:
        found = cause or error
        traceback.print_exception(type(found), found, found.__traceback__)
    print(f"onnx2py: error: {error_text(error)}", file=sys.stderr)
    return NOT_COMPILABLE


# ---------------------------------------------------------------------- progress


@contextmanager
def _progress(chosen: argparse.Namespace) -> Iterator[Progress | None]:
    """Yield what to tell progress to: lines with -v, a bar on a terminal, else nothing."""
    if chosen.quiet:
        yield None
    elif chosen.verbose:
        yield _step_printer()
    elif sys.stderr.isatty():
        with _bar() as tell:
            yield tell
    else:
        yield None


def _step_printer() -> Callable[[str, float], None]:
    start = time.perf_counter()

    def tell(what: str, _done: float) -> None:
        print(f"{time.perf_counter() - start:7.2f} s  {what}", file=sys.stderr)

    return tell


@contextmanager
def _bar() -> Iterator[Callable[[str, float], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),  # names are not markup
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)

        def tell(what: str, done: float) -> None:
            bar.update(task, completed=done, description=what)

        yield tell
