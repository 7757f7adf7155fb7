"""Completion for shells, by shtab: ``onnx2py --print-completion bash``."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence

SHELLS = ("bash", "zsh", "fish")


def print_completion(arguments: Sequence[str]) -> int:
    """Print the script for the shell that follows the flag; return the exit status."""
    from .arguments import usage_error
    from .commands import COMMANDS
    from .options import COMPILE

    flag, _, after = arguments[0].partition("=")
    shell = " ".join([*filter(None, [after]), *arguments[1:]])
    if shell not in SHELLS:
        usage_error(
            COMMANDS[COMPILE],
            f"{flag}: expected one of {', '.join(SHELLS)}, got {shell!r}",
        )
    try:
        import shtab
    except ImportError:
        print(
            f"onnx2py: error: {flag}: expected the library shtab to be installed\n"
            "try: python -m pip install shtab",
            file=sys.stderr,
        )
        return 1
    print(_with_files(shtab.complete(_parser(), shell)))
    return 0


def _with_files(script: str) -> str:
    """Offer files where a command's name goes: compiling is the command without a name."""
    script = re.sub(
        r"^complete (?=-o .*-F)", "complete -o default ", script, flags=re.M
    )
    script = re.sub(  # zsh
        r"^(_\w+_commands\(\) \{)$", r"\1\n  _files", script, count=1, flags=re.M
    )
    options = re.search(r"^(_\w+_options)=\($", script, flags=re.M)
    if options is None:
        return script
    other = f"        *) _arguments -C -s ${options[1]} ;;"
    return re.sub(r"^(      esac)$", rf"{other}\n\1", script, count=1, flags=re.M)


def _parser() -> argparse.ArgumentParser:
    """Return one parser for all commands; that without a name has the options of compiling."""
    import shtab

    from .arguments import add_argument
    from .commands import COMMANDS
    from .declaration import FILE, FOLDER
    from .options import COMPILE

    kinds = {FILE: shtab.FILE, FOLDER: shtab.DIRECTORY}
    whole = argparse.ArgumentParser(prog="onnx2py", add_help=True)
    below = whole.add_subparsers(metavar="COMMAND")
    parsers = {
        name: below.add_parser(name, help=command.summary)
        for name, command in COMMANDS.items()
    }
    for name, parser in [*parsers.items(), (COMPILE, whole)]:
        for each in COMMANDS[name].declared:
            if each.flags or parser is not whole:
                action = add_argument(parser, each)
                if each.completes:
                    setattr(action, "complete", kinds[each.completes])  # noqa: B010
    whole.add_argument("--version", action="store_true", help="print the version")
    return whole
