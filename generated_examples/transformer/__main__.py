"""``python -m transformer``: check this copy, run it, measure it. ``--help`` says how."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ._golden import selftest
from ._tools import bench, fail, info, profile, run


def main() -> int:
    """Do what the arguments ask for; without any, compare this copy with what was recorded."""
    given = parsed()
    try:
        if given.command == "info":
            info()
        elif given.command == "run":
            run(given.input, given.out, given.scale)
        elif given.command == "bench":
            bench(given.input, given.scale, given.repeat)
        elif given.command == "profile":
            profile(given.input, given.scale, given.repeat, given.top, given.chrome)
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
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m transformer",
        description="The model transformer in plain NumPy. Without a command: selftest.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    add = commands.add_parser
    add("selftest", help="compare this copy with recorded inputs and outputs")
    add("info", help="inputs, outputs, weights, where the model came from")
    takes_inputs = argparse.ArgumentParser(add_help=False)
    takes_inputs.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="an input: .npy, .npz (FILE.npz:KEY), .json, or a picture if Pillow is installed",
    )
    takes_inputs.add_argument(
        "--scale",
        type=float,
        metavar="X",
        help="what a float input gets for each of a picture's 255 steps (1/255)",
    )
    one = add(
        "run", parents=[takes_inputs], help="compute the outputs for inputs from files"
    )
    one.add_argument(
        "-o",
        "--out",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="where the outputs go, one file each",
    )
    measured = argparse.ArgumentParser(add_help=False, parents=[takes_inputs])
    measured.add_argument(
        "--repeat",
        type=positive,
        default=20,
        metavar="N",
        help="how many calls (%(default)s)",
    )
    add("bench", parents=[measured], help="how long a call takes")
    table = add("profile", parents=[measured], help="where the time goes, call by call")
    table.add_argument(
        "--top",
        type=positive,
        default=20,
        metavar="N",
        help="how many rows to print (%(default)s)",
    )
    table.add_argument(
        "--chrome",
        type=Path,
        metavar="FILE",
        help="write a trace for chrome://tracing or Perfetto",
    )
    return parser.parse_args()


def positive(text: str) -> int:
    """Read a number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
