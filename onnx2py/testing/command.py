"""``onnx2py conformance``: what it does, and what it prints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import OptionError
from ..progress import Tell
from ..targets import find_target, target_names
from ..terminal import Palette, plain
from .differential import Differential, differential
from .engines import OWN
from .judge import OPEN, PASSED, REFUSED, VERDICTS, Outcome
from .results import (
    Results,
    check_target,
    expected_text,
    read_expected,
    read_results,
    write_text,
)
from .running import run
from .scoreboard import SUITE, check_folder, write_scoreboard

Argument = Callable[..., Any]

SHOWN = 20
"""How many of the outcomes that are not as expected are printed; ``-v`` prints all."""


@dataclass(frozen=True)
class Text:
    """What the command has to say."""

    lines: Callable[[Palette, bool], Sequence[str]]
    agrees: bool
    summary: str = ""
    hints: tuple[tuple[str, ...], ...] = ()

    def text(self, palette: Palette, *, verbose: bool = False) -> str:
        """Return it for a terminal."""
        return "\n".join(self.lines(palette, verbose))


def conformance(
    argument: Argument, options: Mapping[str, Any], progress: Tell | None
) -> Text:
    """Run the command with its arguments by name, and the options of the library.

    Raises
    ------
    OptionError
        If they do not fit together.
    """
    if os.getcwd() not in sys.path:  # engines in the working folder, as with python -m
        sys.path.append(os.getcwd())
    what: list[str] = argument("what")
    models = [each for each in what if each.endswith(".onnx")]
    if models:
        if len(what) > 1:
            raise OptionError(
                f"{models[0]}: expected one model and no engine beside it"
            )
        return _differential(models[0], argument, options)
    if argument("engines"):
        raise OptionError("--engines: expected an ONNX file to run on them, got none")
    return _suites(what, argument, progress)


# -------------------------------------------------------------------- suites


def _suites(what: Sequence[str], argument: Argument, progress: Tell | None) -> Text:
    file, expected = argument("results"), argument("expected")
    if argument("resume") and not file:
        raise OptionError("--resume: expected --json FILE with the outcomes to keep")
    if argument("update") and not expected:
        raise OptionError("--update: expected --expected FILE to write")
    suites = argument("suites") or ["official"]
    _check_targets(what, suites, argument)
    known = None
    if argument("resume") and Path(file).exists():
        known = read_results(file)
    done = 0

    def tell(outcome: Outcome, total: int) -> None:
        nonlocal done
        done += 1
        if progress:
            progress(f"{outcome.engine}: {outcome.suite} {outcome.case}", done / total)

    found = run(
        what,
        suites,
        only=argument("only") or (),
        each=argument("each", 20),
        start=argument("start", 0),
        jobs=argument("jobs"),
        time_limit=argument("seconds", 60.0),
        memory_limit=argument("memory", 4096) << 20,
        expected=None if argument("update") else expected,
        known=known,
        progress=tell,
    )
    _write(found, known, argument)
    if found.interrupted:
        raise KeyboardInterrupt
    surprises = [] if argument("update") else found.regressions
    count = len(surprises)
    word = "outcome" if count == 1 else "outcomes"
    meant = "not as expected" if expected else "neither passed nor refused"
    return Text(
        lambda palette, verbose: _report(found, surprises, palette, verbose),
        not surprises,
        f"{count:,} {word} {meant}",
        () if count == 0 else (_again(found),),
    )


def _check_targets(
    what: Sequence[str], suites: Sequence[str], argument: Argument
) -> None:
    """Check that results can be written, before the hours that they may take."""
    for name, suffix in (("results", ".json"), ("html", ".html")):
        if path := argument(name):
            if Path(path).suffix != suffix:
                raise OptionError(f"{path}: expected a name that ends in {suffix}")
            check_target(Path(path))
    if argument("scoreboard"):
        if len(what) != 1 or SUITE not in suites:
            raise OptionError("--scoreboard: expected the official suite on one engine")
        check_folder(Path(argument("scoreboard")))
    if argument("update"):
        check_target(Path(argument("expected")))
        _earlier(argument)


def _write(found: Results, known: Results | None, argument: Argument) -> None:
    everything = known.merged(found) if known else found
    for path in filter(None, (argument("results"), argument("html"))):
        everything.write(path)
    if found.interrupted:
        return
    if argument("scoreboard"):
        write_scoreboard(found, Path(argument("scoreboard")))
    if argument("update"):
        text = expected_text(found, _earlier(argument))
        write_text(Path(argument("expected")), text)


def _earlier(argument: Argument) -> dict[str, Any]:
    """Return the entries of the file of expectations before it is updated."""
    path = Path(argument("expected"))
    if not path.exists():
        return {}
    read_expected(path)
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _again(found: Results) -> tuple[str, ...]:
    """Return the command for the first outcome that is not as expected."""
    bad = [o for o in found.outcomes if o.verdict not in (PASSED, REFUSED, OPEN)]
    first = (bad or found.outcomes)[0]
    return tuple(found.command_for(first))


def _report(
    found: Results, surprises: Sequence[str], palette: Palette, verbose: bool
) -> list[str]:
    lines = [*table(found, palette)]
    shown = surprises if verbose else surprises[:SHOWN]
    if shown:
        lines += ["", *(plain(line) for line in shown)]
    if len(surprises) > len(shown):
        lines.append(f"... and {len(surprises) - len(shown):,} more (-v lists all)")
    return lines


def table(found: Results, palette: Palette) -> list[str]:
    """Return the verdicts of each engine on each suite, a line each."""
    rows = [["engine", "suite", "cases", *VERDICTS]]
    for engine in found.engines:
        for suite in found.suites:
            counts = found.counts(engine, suite)
            total = sum(counts.values())
            numbers = [f"{counts[verdict]:,}" for verdict in VERDICTS]
            rows.append([plain(engine), plain(suite), f"{total:,}", *numbers])
    widths = [max(map(len, column)) for column in zip(*rows)]
    texts = [
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        )
        for row in rows
    ]
    return [palette.strong(texts[0]), *texts[1:]]


# -------------------------------------------------------------------- one model


def _differential(model: str, argument: Argument, options: Mapping[str, Any]) -> Text:
    engines = argument("engines") or installed_engines()
    found = differential(
        model,
        engines,
        time_limit=argument("seconds", 60.0),
        memory_limit=argument("memory", 4096) << 20,
        **options,
    )
    failed = [each for each in found.ran if each.verdict not in (PASSED, REFUSED)]
    alone = len(found.answered) < 2
    summary = "the engines disagree" if found.disagreements else "an engine failed"
    return Text(
        lambda palette, _verbose: comparison(model, found, palette),
        not found.disagreements and not failed and not alone,
        "fewer than two engines have outputs to compare" if alone else summary,
    )


def installed_engines() -> list[str]:
    """Return the names of the targets and engines whose libraries are installed."""
    found = []
    for name in target_names():
        requires = find_target(name).requires
        if all(find_spec(module) is not None for module in requires):
            found.append(name)
    return found + [n for n in OWN if n == "reference" or find_spec(n) is not None]


def comparison(model: str, found: Differential, palette: Palette) -> list[str]:
    """Return how engines fare with a model, and where they part."""
    lines = [palette.strong(plain(f"{model}, {found.inputs}"))]
    width = max(len(each.engine) for each in found.ran)
    for each in found.ran:
        took = f"{each.seconds * 1e3:,.1f} ms"
        what = took if each.verdict == PASSED else f"{each.verdict}: {each.reason}"
        lines.append(plain(f"  {each.engine:{width}}  {what}"))
    groups = found.groups
    if len(groups) == 1 and len(groups[0]) > 1:
        text = f"{_listed(groups[0])} agree on every output"
        return [*lines, palette.good(plain(text))]
    for group in groups:
        if len(group) > 1:
            lines.append(plain(f"{_listed(group)} agree"))
    for pair in found.disagreements:
        lines.append(
            palette.bad(plain(f"{pair.engines[0]} and {pair.engines[1]} differ"))
        )
        lines.append(plain(f"  in the output {pair.output}: {pair.difference}"))
        if pair.value:
            where = (
                f"  first in {pair.value}, made by {pair.node}: {pair.value_difference}"
            )
            lines.append(plain(where))
        else:
            lines.append(f"  {plain(pair.unlocated)}")
    return lines


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"
