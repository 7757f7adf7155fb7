"""The command's arguments: one parser for each command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from . import __version__
from .options import Options


def parse_check(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse what follows ``onnx2py check``."""
    parser = argparse.ArgumentParser(
        prog="onnx2py check",
        description="Say what is in a model and whether it can be compiled; write nothing.",
        epilog="Exit status: 0 it can be compiled, 1 it cannot, 2 wrong usage.",
    )
    parser.add_argument("model", metavar="MODEL", help="the ONNX file")
    parser.add_argument("--json", action="store_true", help="print JSON")
    _add_level(parser)
    _add_shaping(parser)
    _add_limits(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="tracebacks")
    return parser.parse_args(arguments)


def parse_verify(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse what follows ``onnx2py verify``."""
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
    _add_shaping(parser)
    _add_limits(parser)
    add("-v", "--verbose", action="store_true", help="all outputs, and tracebacks")
    return parser.parse_args(arguments)


def _add_verification(parser: argparse.ArgumentParser, *, data: bool = True) -> None:
    add = parser.add_argument
    if data:
        add("--data", metavar="PATH", nargs="+", action="extend", default=[],
            help="verify with these: .npy, .npz or .pb files, or folders of them")  # fmt: skip
    add("--seed", type=_seed, default=Options.seed, metavar="N",
        help="of random inputs to verify with (%(default)s)")  # fmt: skip
    add("--rtol", type=_rtol, default=Options.rtol, metavar="X",
        help="how far outputs may be off, as part of the largest (%(default)s)")  # fmt: skip
    add("--time-limit", type=_seconds, default=Options.time_limit, metavar="S",
        help="how long verifying may take, in seconds (%(default)s)")  # fmt: skip


def _add_operators(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ops", metavar="FILE", action="append", default=[],
        help="a Python file with operators of your own (see the README)",
    )  # fmt: skip


def _add_shaping(parser: argparse.ArgumentParser) -> None:
    _add_operators(parser)
    group = parser.add_argument_group("changing what the model takes and returns")
    add = group.add_argument
    add("--outputs", metavar="A,B", type=_names, default=(),
        help="compute these values alone, by their ONNX names")  # fmt: skip
    add("--inputs", metavar="A,B", type=_names, default=(),
        help="take these values as inputs; what only they needed is left out")  # fmt: skip
    add("--dim", metavar="NAME=N", type=_dim, action="append", default=[],
        help="fix a length that the file leaves open")  # fmt: skip
    add("--shape", metavar="NAME=N,N,...", type=_shape, action="append", default=[],
        help="fix the shape of an input; a name stands for an open length")  # fmt: skip
    add("--bind", metavar="NAME=FILE", type=_pair, action="append", default=[],
        help="make an input a constant, from a .npy file")  # fmt: skip


def shaping_options(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the options of the library for those arguments."""
    return {
        "ops": tuple(chosen.ops),
        "outputs": chosen.outputs,
        "inputs": chosen.inputs,
        "dims": dict(chosen.dim),
        "shapes": dict(chosen.shape),
        "bind": dict(chosen.bind),
    }


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise argparse.ArgumentTypeError(f"expected names, got {text!r}")
    return names


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.rpartition("=")
    if not name or not equals or not value:
        raise argparse.ArgumentTypeError(f"expected NAME=..., got {text!r}")
    return name, value


def _dim(text: str) -> tuple[str, int]:
    name, value = _pair(text)
    if not value.isdecimal():
        raise argparse.ArgumentTypeError(f"expected NAME=N, got {text!r}")
    return name, int(value)


def _shape(text: str) -> tuple[str, tuple[int | str, ...]]:
    name, value = _pair(text)
    items = value.strip("[]").split(",") if value.strip("[]") else []
    return name, tuple(
        int(item) if item.strip().isdecimal() else item.strip() for item in items
    )


def _add_limits(parser: argparse.ArgumentParser) -> None:
    for name, what in (("elements", "a tensor has"), ("nodes", "there are")):
        parser.add_argument(
            f"--max-{name}", type=_count, metavar="N",
            default=getattr(Options, f"max_{name}"),
            help=f"refuse the model if {what} more than N {name} (%(default)s)",
        )  # fmt: skip


def limit_options(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the options of the library for the limits."""
    return {"max_elements": chosen.max_elements, "max_nodes": chosen.max_nodes}


def _add_level(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-O", dest="level", type=int, choices=(0, 1), default=Options.level,
        help="-O0: one call per ONNX node; -O1 (the default): fold and simplify",
    )  # fmt: skip


def parse_compile(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse what follows ``onnx2py`` itself."""
    parser = argparse.ArgumentParser(
        prog="onnx2py",
        description="Compile an ONNX model to a Python package that needs NumPy alone. "
        "Other commands: onnx2py check --help, onnx2py verify --help, "
        "onnx2py shim --help.",
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
    _add_shaping(parser)
    _add_writing(parser)
    ships = parser.add_argument_group("shipping the package in one file, besides")
    ships.add_argument("--wheel", metavar="FOLDER",
                       help="put a wheel of it there, for pip install")  # fmt: skip
    ships.add_argument("--zipapp", metavar="FILE",
                       help="write an archive that Python runs: python FILE --help")  # fmt: skip
    ships.add_argument("--report", metavar="FILE.html",
        help="write a page about it: a picture of the graph, a table of calls")  # fmt: skip
    ships.add_argument("--sbom", metavar="FILE",
        help="write what it consists of: a bill of materials, CycloneDX JSON")  # fmt: skip
    ships.add_argument("--single-file", metavar="FILE",
                       help="write it as one .py, weights included (up to 4 MB)")  # fmt: skip
    _add_loudness(parser)
    add("--version", action="version", version=f"onnx2py {__version__}")
    return parser.parse_args(arguments)


def parse_shim(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse what follows ``onnx2py shim``."""
    parser = argparse.ArgumentParser(
        prog="onnx2py shim",
        description="Write a folder onnxruntime/ that holds models as packages. Programs "
        "that import onnxruntime run unchanged with it, if it is on the import path.",
        epilog="Exit status: 0 made, 1 a model cannot be compiled, 2 wrong usage, "
        "3 made but a package differs from its model.",
    )
    add = parser.add_argument
    add("folder", metavar="FOLDER", help="where onnxruntime/ goes: for PYTHONPATH")
    add("models", metavar="MODEL", nargs="+", help="the ONNX files")
    _add_level(parser)
    add("--verify", action="store_true",
        help="compare each package with onnxruntime, else with onnx's own evaluator")  # fmt: skip
    _add_verification(parser, data=False)
    _add_operators(parser)
    _add_writing(parser)
    add("--wheel", metavar="FOLDER", help="write a wheel there too, for pip install")
    add("--distribution", metavar="NAME", default="onnxruntime-shim",
        help="what pip calls the wheel (%(default)s)")  # fmt: skip
    _add_loudness(parser)
    return parser.parse_args(arguments)


def _add_writing(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--force", action="store_true",
        help="write into a folder that onnx2py did not make; its files are kept")  # fmt: skip
    _add_limits(parser)


def _add_loudness(parser: argparse.ArgumentParser) -> None:
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="errors only")
    loudness.add_argument("-v", "--verbose", action="store_true",
                          help="each step, and tracebacks")  # fmt: skip


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a number from 0, got {text!r}")
    return int(text)


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
