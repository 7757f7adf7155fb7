"""The commands: what each is for, and what it takes in addition to the options of compiling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from . import declaration as d
from .declaration import Declaration
from .options import CHECK, COMPARISON, COMPILE, FILES, OUTPUT, SHIM, VERIFY, taken_by

MESSAGES = "Messages"
ARGUMENTS = "Arguments"

MODEL = Declaration("model", (), "MODEL", "ONNX file", ARGUMENTS, completes=d.FILE)
JSON = Declaration(
    "json",
    ("--json",),
    "",
    "print the report, or the error, as JSON",
    MESSAGES,
    d.SWITCH,
)
QUIET = Declaration(
    "quiet", ("-q", "--quiet"), "", "print only errors", MESSAGES, d.SWITCH
)
VERBOSE = Declaration(
    "verbose", ("-v", "--verbose"), "", "print each step, every output and tracebacks",
    MESSAGES, d.SWITCH,
)  # fmt: skip


@dataclass(frozen=True)
class Command:
    """A command; the first paragraph of its help is ``summary``."""

    name: str
    summary: str
    own: tuple[Declaration, ...]
    """Its arguments and flags that are no options of the library."""
    examples: tuple[str, ...]
    statuses: str

    @property
    def program(self) -> str:
        """What comes before its arguments."""
        return "onnx2py" if self.name == COMPILE else f"onnx2py {self.name}"

    @property
    def declared(self) -> tuple[Declaration, ...]:
        """All that it takes, in the order of its help: messages last."""
        options = [each for each in taken_by(self.name) if each.flags]
        last = [each for each in self.own if each.group == MESSAGES]
        first = [each for each in self.own if each.group != MESSAGES]
        return (*first, *options, *last)

    def groups(self) -> Iterator[tuple[str, list[Declaration]]]:
        """Yield the headings and what is listed below each."""
        for group in dict.fromkeys(each.group for each in self.declared):
            yield group, [each for each in self.declared if each.group == group]


COMMANDS = {
    command.name: command
    for command in (
        Command(
            COMPILE,
            "Compile an ONNX model to a Python package that needs only NumPy.",
            (
                MODEL,
                Declaration(
                    "out", ("-o", "--out"), "PKG", "folder of the package; its name is the "
                    "package's name (default: ./ and the model's name)", OUTPUT, completes=d.FOLDER,
                ),
                JSON, QUIET, VERBOSE,
            ),
            (
                "onnx2py model.onnx",
                "onnx2py model.onnx -o net --verify",
                "onnx2py check model.onnx",
            ),
            "0 compiled, 1 cannot be compiled, 2 wrong usage, 3 compiled but differs from "
            "the model",
        ),
        Command(
            CHECK,
            "Report what is in a model and whether it can be compiled; write nothing.",
            (MODEL, JSON, VERBOSE),
            ("onnx2py check model.onnx", "onnx2py check model.onnx --json"),
            "0 can be compiled, 1 cannot be compiled, 2 wrong usage",
        ),
        Command(
            VERIFY,
            "Compare an existing package with its model; write nothing.",
            (
                Declaration(
                    "package", (), "PKG", "package folder", ARGUMENTS, completes=d.FOLDER
                ),
                MODEL,
                Declaration(
                    "per_node", ("--per-node",), "", "compare every value of the graph and "
                    "name the first that differs", COMPARISON, d.SWITCH,
                ),
                Declaration(
                    "all", ("--all",), "", "compare every value and print a table of all",
                    COMPARISON, d.SWITCH,
                ),
                JSON, VERBOSE,
            ),
            (
                "onnx2py verify net model.onnx",
                "onnx2py verify net model.onnx --per-node",
            ),
            "0 package and model agree, 1 cannot be compared, 2 wrong usage, 3 they differ",
        ),
        Command(
            SHIM,
            "Write a folder onnxruntime/ that holds several models as packages. Programs that "
            "import onnxruntime run unchanged with it if it is on the import path.",
            (
                Declaration(
                    "folder", (), "FOLDER", "folder to write onnxruntime/ into, for PYTHONPATH",
                    ARGUMENTS, completes=d.FOLDER,
                ),
                Declaration(
                    "models", (), "MODEL", "ONNX files", ARGUMENTS, d.COUNTED,
                    completes=d.FILE,
                ),
                Declaration(
                    "distribution", ("--distribution",), "NAME", "name of the wheel for pip "
                    "(default: onnxruntime-shim)", FILES,
                ),
                JSON, QUIET, VERBOSE,
            ),
            ("onnx2py shim stand_in model.onnx", "PYTHONPATH=stand_in python program.py"),
            "0 written, 1 a model cannot be compiled, 2 wrong usage, 3 written but a package "
            "differs from its model",
        ),
    )
}  # fmt: skip
