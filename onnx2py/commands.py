"""The commands: what each is for, and what it takes in addition to the options of compiling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from . import declaration as d
from .declaration import Declaration
from .options import (
    CHECK,
    COMPARISON,
    COMPILE,
    CONFORMANCE,
    FILES,
    LIMITS,
    OUTPUT,
    SHIM,
    VERIFY,
    taken_by,
)

MESSAGES = "Messages"
ARGUMENTS = "Arguments"
CASES = "Cases"

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
        Command(
            CONFORMANCE,
            "Run suites of cases on engines, or one model on several, and compare. An engine is a "
            "target, onnxruntime, reference (onnx's ReferenceEvaluator), a module that is an ONNX "
            "backend, or MODULE:OBJECT.",
            (
                Declaration(
                    "what", (), "ENGINE", "engines, or one ONNX file", ARGUMENTS, d.COUNTED,
                ),
                Declaration(
                    "suites", ("--suite",), "SUITE", "official (the default), fuzz, graphs, "
                    "gradients or corpus=FOLDER", CASES, d.SEVERAL,
                ),
                Declaration(
                    "only", ("--only",), "NAME", "only these operators (Conv) or cases "
                    "(Relu-14#17)", CASES, d.SEVERAL,
                ),
                Declaration(
                    "each", ("--each",), "N", "cases of each operator or pattern, of suites that "
                    "draw them (default: 20)", CASES, read=d.number, check=d.WHOLE,
                ),
                Declaration(
                    "start", ("--start",), "N", "number of the first of them (default: 0)",
                    CASES, read=d.number, check=d.WHOLE,
                ),
                Declaration(
                    "engines", ("--engines",), "ENGINE", "engines for one model (default: all "
                    "that are installed)", COMPARISON, d.SEVERAL,
                ),
                Declaration(
                    "expected", ("--expected",), "FILE", "JSON file of the cases that do not pass; "
                    "every other outcome is an error, better ones too", COMPARISON,
                    completes=d.FILE,
                ),
                Declaration(
                    "update", ("--update",), "", "write the file of --expected from the outcomes",
                    COMPARISON, d.SWITCH,
                ),
                Declaration(
                    "html", ("--html",), "FILE.html", "write a page with tables of all suites",
                    FILES, check=d.PAGE, completes=d.FILE,
                ),
                Declaration(
                    "results", ("--json",), "FILE.json", "write the outcomes, a line each",
                    FILES, completes=d.FILE,
                ),
                Declaration(
                    "resume", ("--resume",), "", "keep the outcomes that are in the file of "
                    "--json", FILES, d.SWITCH,
                ),
                Declaration(
                    "scoreboard", ("--scoreboard",), "FOLDER", "write report.json, ops.json and "
                    "trend.json, as ONNX's backend scoreboard reads them", FILES,
                    completes=d.FOLDER,
                ),
                Declaration(
                    "jobs", ("--jobs",), "N", "processes (default: one for each processor)",
                    LIMITS, read=d.number, check=d.WHOLE,
                ),
                Declaration(
                    "seconds", ("--time-limit",), "S", "seconds for a case (default: 60)",
                    LIMITS, read=d.number, check=d.SECONDS,
                ),
                Declaration(
                    "memory", ("--memory-limit",), "MB", "memory for a case, in addition to what "
                    "the engine takes by itself (default: 4,096)", LIMITS, read=d.number,
                    check=d.WHOLE,
                ),
                QUIET, VERBOSE,
            ),
            (
                "onnx2py conformance numpy onnxruntime --suite official fuzz --html page.html",
                "onnx2py conformance my_backend --only Conv Resize",
                "onnx2py conformance model.onnx --engines numpy onnxruntime",
            ),
            "0 as expected, 1 an engine or a model cannot be used, 2 wrong usage, 3 a result "
            "differs, or is not as expected",
        ),
    )
}  # fmt: skip
