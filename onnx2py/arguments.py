"""The command's arguments: one parser for each command, made from the declarations."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from . import __version__
from . import declaration as d
from .commands import COMMANDS, Command
from .completion import print_completion
from .declaration import Declaration
from .errors import OptionError
from .options import COMPILE, Options, taken_by
from .pages import page
from .terminal import Palette, plain

WRONG_USAGE = 2

_ACTIONS: Mapping[str, dict[str, Any]] = {
    d.SWITCH: {"action": "store_true"},
    d.VALUE: {},
    d.SEVERAL: {"nargs": "+", "action": "extend"},
    d.REPEATED: {"action": "append"},
    d.PAIRS: {"action": "append"},
    d.COUNTED: {"nargs": "+"},
}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and a hint."""

    def __init__(self, command: Command) -> None:
        super().__init__(prog=command.program, add_help=False, allow_abbrev=False)
        self.command = command
        for each in command.declared:
            add_argument(self, each)

    def error(self, message: str) -> NoReturn:
        """Print what is wrong, and where to read on; end with the status of wrong usage."""
        usage_error(self.command, _reworded(message))


def parse(arguments: Sequence[str]) -> tuple[Command, argparse.Namespace]:
    """Return the command and its arguments; options that were not given are absent.

    Raises
    ------
    SystemExit
        With status 2 if they are wrong, and with 0 after a page of help.
    """
    given = list(arguments)
    if not given:
        sys.stderr.write(page(COMMANDS[COMPILE], Palette.of(sys.stderr)))
        raise SystemExit(WRONG_USAGE)
    if "--version" in given:
        print(f"onnx2py {__version__}")
        raise SystemExit(0)
    if given[0].partition("=")[0] == "--print-completion":
        raise SystemExit(print_completion(given))
    command = _command(given)
    if {"-h", "--help"} & set(given):
        print(page(command, Palette.of(sys.stdout)), end="")
        raise SystemExit(0)
    _refuse_unknown(command, given)
    parsed, unknown = Parser(command).parse_known_args(given)
    if unknown:
        usage_error(command, f"{unknown[0]}: expected no more arguments")
    if hasattr(parsed, "quiet") and hasattr(parsed, "verbose"):
        usage_error(command, "-q/--quiet: not allowed with -v/--verbose")
    _check_options(command, parsed)
    return command, parsed


def _command(given: list[str]) -> Command:
    """Return the command and take its name from the arguments."""
    word = given[0]
    if word in COMMANDS:
        return COMMANDS[given.pop(0)]
    if re.fullmatch(r"[a-z][a-z-]*", word) and not Path(word).exists():
        listed = ", ".join(COMMANDS)
        near = get_close_matches(word, COMMANDS, 1)
        if Path(f"{word}.onnx").is_file():
            near = [f"{word}.onnx"]
        hint = f"; is it {near[0]!r}?" if near else ""
        usage_error(
            COMMANDS[COMPILE],
            f"{word}: expected a command ({listed}) or an ONNX file, got neither{hint}",
        )
    return COMMANDS[COMPILE]


def _refuse_unknown(command: Command, given: Sequence[str]) -> None:
    """Report an option that the command does not have, with the nearest that it has."""
    known = [flag for each in command.declared for flag in each.flags]
    for argument in given:
        flag = argument.partition("=")[0]
        if argument == "--":
            return
        if flag.startswith("--") and flag not in known:
            near = get_close_matches(flag, known, 1)
            hint = f"; is it {near[0]}?" if near else ""
            usage_error(
                command, f"{flag}: expected an option of {command.program}{hint}"
            )


def usage_error(command: Command, message: str) -> NoReturn:
    """Print what is wrong with the arguments, and where to read on.

    Raises
    ------
    SystemExit
        With status 2.
    """
    palette = Palette.of(sys.stderr)
    print(f"onnx2py: {palette.bad('error:')} {plain(message)}", file=sys.stderr)
    print(f"{palette.hint('help:')} {command.program} --help", file=sys.stderr)
    raise SystemExit(WRONG_USAGE)


def keywords(command: Command, parsed: argparse.Namespace) -> dict[str, Any]:
    """Return the options of the library that were given."""
    return {
        each.name: getattr(parsed, each.name)
        for each in taken_by(command.name)
        if hasattr(parsed, each.name)
    }


def _check_options(command: Command, parsed: argparse.Namespace) -> None:
    """Collect what repeated flags gave, and refuse wrong values as the library does."""
    for each in command.declared:
        if hasattr(parsed, each.name) and each.style == d.PAIRS:
            setattr(parsed, each.name, dict(getattr(parsed, each.name)))
    try:
        for each in command.own:
            if hasattr(parsed, each.name):
                each.verify(getattr(parsed, each.name))
        Options(**keywords(command, parsed))
    except OptionError as error:
        usage_error(command, str(error))


def add_argument(parser: argparse.ArgumentParser, each: Declaration) -> argparse.Action:
    """Add what is declared to a parser."""
    how = dict(_ACTIONS[each.style])
    if each.style != d.SWITCH:
        how["type"] = _pair(each) if each.style == d.PAIRS else each.read
        how["metavar"] = each.metavar
    if each.flags:
        how["dest"], how["default"] = each.name, argparse.SUPPRESS
    help_text = each.help.replace("%", "%%")
    return parser.add_argument(*(each.flags or (each.name,)), help=help_text, **how)


def _pair(each: Declaration) -> Any:
    def read(text: str) -> tuple[str, Any]:
        name, _, value = text.rpartition("=")
        if not name or not value:
            raise argparse.ArgumentTypeError(f"expected {each.metavar}, got {text!r}")
        return name, each.read(value)

    return read


# ---------------------------------------------------------------------- wording


def _reworded(message: str) -> str:
    """Say what argparse says in the words of this project."""
    message = re.sub(r"^argument ", "", message)
    message = re.sub(r"not allowed with argument", "not allowed with", message)
    message = re.sub(
        r"expected (one|at least one) argument$", "expected a value, got none", message
    )
    required = re.fullmatch(r"the following arguments are required: (.*)", message)
    if required is None:
        return message
    return f"expected {required[1].replace(', ', ' and ')}, got fewer arguments"
