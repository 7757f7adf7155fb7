"""The page that ``--help`` prints: what the command is for, its options in groups, examples."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator

from .commands import ARGUMENTS, COMMANDS, MESSAGES, Command
from .declaration import COUNTED, SEVERAL, Declaration
from .options import COMPILE
from .terminal import PLAIN, Palette

LEFT = 24
"""Where the right column begins."""

WIDEST = 100

HELP = ("-h, --help", "print this page")
OF_THE_PROGRAM = (
    ("--version", "print the version"),
    ("--print-completion SHELL", "print a completion script for bash, zsh or fish"),
)
"""Flags that stand alone."""


def page(command: Command, palette: Palette = PLAIN) -> str:
    """Return the help of a command."""
    width = min(shutil.get_terminal_size().columns, WIDEST)
    lines = [*textwrap.wrap(command.summary, width), "", *_usage(command, palette)]
    if command.name == COMPILE:
        lines += _section("Commands", _commands(), width, palette)
    for group, declared in command.groups():
        rows = [(left(each), each.described) for each in declared]
        if group == MESSAGES:
            rows.append(HELP)
            if command.name == COMPILE:
                rows += OF_THE_PROGRAM
        lines += _section(group, rows, width, palette)
    lines += _section(
        "Examples", [(text, "") for text in command.examples], width, palette
    )
    lines += ["", palette.strong("Exit status:"), *_wrapped(command.statuses, width)]
    return "\n".join(lines) + "\n"


def _usage(command: Command, palette: Palette) -> Iterator[str]:
    arguments = [left(each) for each in command.declared if each.group == ARGUMENTS]
    yield f"{palette.strong('Usage:')} {' '.join([command.program, *arguments, '[OPTION]...'])}"
    if command.name == COMPILE:
        yield "       onnx2py COMMAND --help"


def _commands() -> Iterator[tuple[str, str]]:
    """Yield the names of commands, and the first sentence of what each is for."""
    for each in COMMANDS.values():
        first = re.split(r"[.;] ", each.summary)[0].removesuffix(".")
        default = " (the default command)" if each.name == COMPILE else ""
        yield each.name, f"{first}{default}"


def left(each: Declaration) -> str:
    """Return an argument or flags, and what follows them."""
    dots = "..." if each.style in (COUNTED, SEVERAL) else ""
    return f"{', '.join(each.flags)} {each.metavar}{dots}".strip()


def _section(
    title: str, rows: Iterable[tuple[str, str]], width: int, palette: Palette
) -> Iterator[str]:
    yield ""
    yield palette.strong(f"{title}:")
    for left, right in rows:
        lines = textwrap.wrap(right, max(width - LEFT, 30))
        if len(left) + 4 > LEFT and lines:
            yield f"  {left}"
        elif lines:
            yield f"  {left:{LEFT - 2}}{lines.pop(0)}"
        else:
            yield f"  {left}"
        yield from (f"{'':{LEFT}}{line}" for line in lines)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ")
