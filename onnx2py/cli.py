"""The command: arguments in, exit status out.

0 the package was written, 1 the model cannot be compiled, 2 wrong usage, 3 the package was
written but differs from the model, 130 interrupted, 143 terminated. The first argument selects
the command; compiling is the default. A file with the name of a command is spelled ``./check``.
"""

from __future__ import annotations

import argparse
import gc
import os
import shlex
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, NoReturn

from .arguments import keywords, parse, usage_error
from .commands import COMMANDS
from .errors import InternalError, Onnx2pyError, OptionError
from .options import CHECK, COMPILE, CONFORMANCE, SHIM, VERIFY
from .progress import Tell, bar, steps
from .terminal import Palette, is_terminal, plain

MADE, NOT_COMPILABLE, DIFFERS, INTERRUPTED = 0, 1, 3, 130
TERMINATED = 128 + signal.SIGTERM


def command() -> NoReturn:
    """Run the command and end the process with its exit status."""
    # A compiler makes many objects and few cycles: fewer collections save a tenth of the time.
    gc.set_threshold(100_000, 20, 20)
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
    selected, parsed = parse(sys.argv[1:] if arguments is None else arguments)
    call = _Call(parsed, keywords(selected, parsed))
    try:
        with _terminated_in_order():
            return RUN[selected.name](call)
    except KeyboardInterrupt:
        print("onnx2py: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Onnx2pyError as error:
        return _fail(error, call)
    except MemoryError as error:
        message = "expected more memory: the model does not fit into what there is"
        return _fail(Onnx2pyError(message), call, error)
    except Exception as error:
        bug = InternalError(f"{type(error).__name__}: {error}")
        return _fail(bug, call, error)


@contextmanager
def _terminated_in_order() -> Iterator[None]:
    """Let SIGTERM end the command as an exception does: temporary folders are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Call:
    """What was asked for: arguments and flags by name, and the options of the library."""

    def __init__(self, parsed: argparse.Namespace, options: dict[str, Any]) -> None:
        self.options = options
        self._parsed = vars(parsed)

    def argument(self, name: str, default: Any = None) -> Any:
        return self._parsed.get(name, default)

    def flag(self, name: str) -> bool:
        return bool(self.argument(name))

    def progress(self) -> AbstractContextManager[Tell | None]:
        """Return the callback for progress: lines with -v, a bar on a terminal, or nothing."""
        if self.flag("verbose"):
            return steps(sys.stderr)
        if is_terminal(sys.stderr) and not self.flag("quiet"):
            return bar(sys.stderr)
        return nullcontext()


# ---------------------------------------------------------------------- commands


def _compile(call: _Call) -> int:
    from .pipeline import compile_model
    from .summary import summary

    if call.options.get("data"):
        call.options["verify"] = True
    model = call.argument("model")
    out = call.argument("out") or _named_after(model)
    with call.progress() as progress:
        report = compile_model(model, out, progress=progress, **call.options)
    verbose = call.flag("verbose")
    _print_report(
        call, report, lambda palette: summary(report, palette, verbose=verbose)
    )
    if report.agrees:
        return MADE
    _error("the package differs from the model")
    _hint("onnx2py", "verify", out, model, "--per-node")
    return DIFFERS


def _named_after(model: str) -> str:
    """Return the package's name for a model, in the working folder."""
    from .emit.package_name import proposed_name

    return proposed_name(Path(model).name)


def _shim(call: _Call) -> int:
    from .shim import DISTRIBUTION, compile_shim
    from .summary import shim_summary

    with call.progress() as progress:
        report = compile_shim(
            call.argument("models"),
            call.argument("folder"),
            distribution=call.argument("distribution", DISTRIBUTION),
            progress=progress,
            **call.options,
        )
    verbose = call.flag("verbose")
    _print_report(
        call, report, lambda palette: shim_summary(report, palette, verbose=verbose)
    )
    if report.agrees:
        return MADE
    _error("a package differs from its model")
    return DIFFERS


def _check(call: _Call) -> int:
    from .inspection import inspect_model
    from .summary import inspection_text

    with call.progress() as progress:
        if progress:
            progress(f"reading {call.argument('model')}", 0.0)
        inspection = inspect_model(call.argument("model"), **call.options)
    _print_report(
        call, inspection, lambda palette: inspection_text(inspection, palette)
    )
    return MADE if inspection.supported else NOT_COMPILABLE


def _verify(call: _Call) -> int:
    from .summary import verification_text
    from .verify import verify_existing

    package, model = call.argument("package"), call.argument("model")
    per_node = call.flag("per_node") or call.flag("all")
    with call.progress() as progress:
        if progress:
            progress(f"comparing {package} with {model}", 0.0)
        verification = verify_existing(
            package, model, per_node=per_node, **call.options
        )
    verbose, every_value = call.flag("verbose"), call.flag("all")
    _print_report(
        call,
        verification,
        lambda palette: verification_text(
            package, verification, palette, verbose=verbose, every_value=every_value
        ),
    )
    if verification.agrees and not (verification.nodes and verification.nodes.first):
        return MADE
    if not per_node:
        _hint("onnx2py", "verify", package, model, "--per-node")
    return DIFFERS


def _conformance(call: _Call) -> int:
    from .testing.command import conformance

    try:
        with call.progress() as progress:
            report = conformance(call.argument, call.options, progress)
    except OptionError as error:
        usage_error(COMMANDS[CONFORMANCE], str(error))
    if not call.flag("quiet"):
        _say(report.text(Palette.of(sys.stdout), verbose=call.flag("verbose")))
    if report.agrees:
        return MADE
    _error(report.summary)
    for hint in report.hints:
        _hint(*hint)
    return DIFFERS


RUN: dict[str, Callable[[_Call], int]] = {
    COMPILE: _compile,
    CHECK: _check,
    VERIFY: _verify,
    SHIM: _shim,
    CONFORMANCE: _conformance,
}


# ---------------------------------------------------------------------- messages


def _print_report(call: _Call, report: object, text: Callable[[Palette], str]) -> None:
    """Print what was done, as text or as JSON."""
    if call.flag("json"):
        from .summary_json import report_json

        _say(report_json(report))
    elif not call.flag("quiet"):
        _say(text(Palette.of(sys.stdout)))


def _say(text: str) -> None:
    """Print to standard output; a reader that has left is no error."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        sys.stdout = None  # nothing to flush at exit


def _error(message: str) -> None:
    """Print an error, whose text is safe to print."""
    print(f"onnx2py: {Palette.of(sys.stderr).bad('error:')} {message}", file=sys.stderr)


def _hint(*words: str) -> None:
    """Print a command to try, ready to be pasted."""
    label = Palette.of(sys.stderr).hint("try:")
    print(f"{label} {plain(shlex.join(map(str, words)))}", file=sys.stderr)


def _fail(error: Onnx2pyError, call: _Call, cause: BaseException | None = None) -> int:
    from .summary import error_text
    from .summary_json import error_json

    if call.flag("verbose"):
        shown = cause or error
        traceback.print_exception(type(shown), shown, shown.__traceback__)
    if call.flag("json"):
        _say(error_json(error))
    _error(error_text(error))
    return NOT_COMPILABLE
