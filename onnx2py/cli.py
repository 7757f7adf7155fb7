"""The command: arguments in, exit status out.

0 the package was made, 1 the model cannot be compiled, 2 wrong usage, 3 the package was made
but differs from the model, 130 interrupted. ``check`` and ``verify`` as the first argument are
commands of their own; a file of such a name is spelt ``./check``.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import __version__
from .errors import InternalError, Onnx2pyError
from .options import Options

if TYPE_CHECKING:
    from .pipeline import Progress, Report

MADE, NOT_COMPILABLE, DIFFERS, INTERRUPTED = 0, 1, 3, 130


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
        chosen, run = _parse_check(given[1:]), _check
    elif given[:1] == ["verify"]:
        chosen, run = _parse_verify(given[1:]), _verify
    else:
        chosen, run = _parse(given), _make
    try:
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


def _make(chosen: argparse.Namespace) -> int:
    report = _compile(chosen)
    if not chosen.quiet:
        from .summary import summary

        _say(summary(report, verbose=chosen.verbose))
    if report.agrees:
        return MADE
    print("onnx2py: error: the package differs from the model", file=sys.stderr)
    return DIFFERS


def _check(chosen: argparse.Namespace) -> int:
    from .inspection import inspect_model
    from .summary import inspection_json, inspection_text

    found = inspect_model(chosen.model, level=chosen.level)
    _say(inspection_json(found) if chosen.json else inspection_text(found))
    return MADE if found.supported else NOT_COMPILABLE


def _verify(chosen: argparse.Namespace) -> int:
    from .summary import node_report, verdict
    from .verify import verify_existing

    found = verify_existing(
        chosen.package,
        chosen.model,
        per_node=chosen.per_node or chosen.all,
        inputs=tuple(chosen.inputs),
        seed=chosen.seed,
        rtol=chosen.rtol,
        time_limit=chosen.time_limit,
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
            verify=chosen.verify or bool(chosen.inputs),
            inputs=tuple(chosen.inputs),
            seed=chosen.seed,
            rtol=chosen.rtol,
            force=chosen.force,
            time_limit=chosen.time_limit,
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


# ---------------------------------------------------------------------- arguments


def _parse_check(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="onnx2py check",
        description="Say what is in a model and whether it can be compiled; write nothing.",
        epilog="Exit status: 0 it can be compiled, 1 it cannot, 2 wrong usage.",
    )
    parser.add_argument("model", metavar="MODEL", help="the ONNX file")
    parser.add_argument("--json", action="store_true", help="print JSON")
    _add_level(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="tracebacks")
    return parser.parse_args(arguments)


def _parse_verify(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="onnx2py verify",
        description="Compare a package that was made earlier with a model; write nothing.",
        epilog="Exit status: 0 they agree, 1 they cannot be compared, 2 wrong usage, "
        "3 they differ.",
    )
    add = parser.add_argument
    add("package", metavar="PKG", help="the package's folder")
    add("model", metavar="MODEL", help="the ONNX file")
    add("--per-node", action="store_true",
        help="compare every value of the graph, and name the first that differs")  # fmt: skip
    add("--all", action="store_true", help="the same, and print a table of all values")
    _add_verification(parser)
    add("-v", "--verbose", action="store_true", help="all outputs, and tracebacks")
    return parser.parse_args(arguments)


def _add_verification(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--inputs", metavar="PATH", nargs="+", action="extend", default=[],
        help="verify with these: .npy, .npz or .pb files, or folders of them")  # fmt: skip
    add("--seed", type=_seed, default=Options.seed, metavar="N",
        help="of random inputs to verify with (%(default)s)")  # fmt: skip
    add("--rtol", type=_rtol, default=Options.rtol, metavar="X",
        help="how far outputs may be off, as part of the largest (%(default)s)")  # fmt: skip
    add("--time-limit", type=_seconds, default=Options.time_limit, metavar="S",
        help="how long verifying may run the package, in seconds (%(default)s)")  # fmt: skip


def _add_level(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-O", dest="level", type=int, choices=(0, 1), default=Options.level,
        help="-O0: one call per ONNX node; -O1 (the default): fold and simplify",
    )  # fmt: skip


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="onnx2py",
        description="Compile an ONNX model to a Python package that needs NumPy alone. "
        "Other commands: onnx2py check --help, onnx2py verify --help.",
        epilog="Exit status: 0 made, 1 cannot be compiled, 2 wrong usage, "
        "3 made but differs from the model.",
    )
    add = parser.add_argument
    add("model", metavar="MODEL", help="the ONNX file")
    add("-o", "--out", metavar="PKG", required=True, help="the package's folder")
    _add_level(parser)
    add("--verify", action="store_true",
        help="compare the package with onnxruntime, else with onnx's own evaluator")  # fmt: skip
    _add_verification(parser)
    add("--force", action="store_true",
        help="write into a folder that onnx2py did not make; its files are kept")  # fmt: skip
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="errors only")
    loudness.add_argument("-v", "--verbose", action="store_true",
                          help="each step, and tracebacks")  # fmt: skip
    add("--version", action="version", version=f"onnx2py {__version__}")
    return parser.parse_args(arguments)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a number from 0, got {text!r}")
    return int(text)


def _rtol(text: str) -> float:
    value = _number(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return value


def _seconds(text: str) -> float:
    value = _number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected seconds, got {text!r}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}") from None


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
