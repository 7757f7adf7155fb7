"""The table of the command's options (``make readme``), from where they are declared."""

from __future__ import annotations

from onnx2py.commands import COMMANDS
from onnx2py.declaration import SEVERAL, Declaration
from onnx2py.options import COMPILE, DECLARED
from onnx2py.pages import HELP, OF_THE_PROGRAM

LEVELS = "`-O0`, `-O1`"


def table() -> str:
    """Return the options of compiling: flag, keyword of the library, effect."""
    rows = ["| option | keyword | effect |", "| --- | --- | --- |"]
    declared = [each for each in COMMANDS[COMPILE].declared if each.flags]
    in_library_only = [each for each in DECLARED.values() if not each.flags]
    rows += [_row(each) for each in (*declared, *in_library_only)]
    rows += [
        _cells(f"`{flags}`".replace(", ", "`, `"), "", text)
        for flags, text in (HELP, *OF_THE_PROGRAM)
    ]
    return "\n".join(rows) + "\n"


def _row(each: Declaration) -> str:
    value = f" {each.metavar}{' ...' if each.style == SEVERAL else ''}".rstrip()
    flags = [f"`{flag}{value}`" for flag in each.flags]
    spelled = LEVELS if each.name == "level" else ", ".join(flags)
    keyword = f"`{each.name}`" if each.name in {*DECLARED, "out"} else ""
    return _cells(spelled, keyword, _effect(each))


def _effect(each: Declaration) -> str:
    return ". ".join(filter(None, (each.described, each.detail.removesuffix("."))))


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")
