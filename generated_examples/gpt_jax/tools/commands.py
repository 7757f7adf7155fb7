"""``python -m gpt_jax``: check, run and measure this copy; see ``--help``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .._checks import shown
from .bench import bench
from .profile import TABLES, profile
from .run import info, run
from .selftest import selftest
from .where import where


def main() -> int:
    """Run the command; the default is the self-test."""
    given = parsed()
    try:
        if given.command == "info":
            info()
        elif given.command == "run":
            run(given.input, given.out, given.scale)
        elif given.command == "bench":
            bench(given.input, given.scale, given.repeat)
        elif given.command == "profile":
            profile(
                given.input,
                given.scale,
                given.repeat,
                given.top,
                given.by,
                given.chrome,
            )
        elif given.command == "where":
            where(given.name)
        else:
            return selftest()
    except (
        ArithmeticError,
        LookupError,
        MemoryError,
        OSError,
        TypeError,
        ValueError,
    ) as error:
        is_random = given.command in ("bench", "profile") and not given.input
        return fail(error, "with random inputs; --input NAME=FILE" if is_random else "")
    return 0


def parsed() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m gpt_jax",
        description="The model gpt_jax in plain JAX. The default command is selftest.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    add = commands.add_parser
    add("selftest", help="check weights and outputs against those recorded")
    add("info", help="show inputs, outputs, weights and origin of the model")
    takes_inputs = argparse.ArgumentParser(add_help=False)
    takes_inputs.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="an input: .npy, .npz (FILE.npz:KEY), .json, or an image (needs Pillow)",
    )
    takes_inputs.add_argument(
        "--scale",
        type=float,
        metavar="X",
        help="scale applied to 8-bit pixels (default: 1/255)",
    )
    one = add(
        "run", parents=[takes_inputs], help="compute outputs for inputs from files"
    )
    one.add_argument(
        "-o",
        "--out",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="folder for the outputs, one file each",
    )
    measured = argparse.ArgumentParser(add_help=False, parents=[takes_inputs])
    measured.add_argument(
        "--repeat",
        type=positive,
        default=20,
        metavar="N",
        help="number of calls (default: %(default)s)",
    )
    add("bench", parents=[measured], help="measure the time of a run")
    table = add("profile", parents=[measured], help="measure the time of each call")
    table.add_argument(
        "--top",
        type=positive,
        default=20,
        metavar="N",
        help="number of rows to print (default: %(default)s)",
    )
    table.add_argument(
        "--by",
        choices=tuple(TABLES),
        help="print one table (default: by line, by block and by operator)",
    )
    table.add_argument(
        "--chrome",
        type=Path,
        metavar="FILE",
        help="write a trace for chrome://tracing or Perfetto",
    )
    place = add("where", help="show the line of model.py for a name of the ONNX file")
    place.add_argument(
        "name",
        metavar="NAME",
        help="a node, value or weight, a name in Python, or a line: model.py:120",
    )
    return parser.parse_args()


def positive(text: str) -> int:
    """Parse an integer of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected an integer >= 1, got {text!r}")
    return int(text)


def fail(error: Exception, hint: str = "") -> int:
    """Print an error with a hint; return the exit status."""
    more = f" ({hint})" if hint else ""
    print(f"error: {shown(str(error))}{more}", file=sys.stderr)
    return 2
