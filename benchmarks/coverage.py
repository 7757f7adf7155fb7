"""Which operators have a rule: a table for the README (``make readme``).

Every version of every operator that the installed onnx knows is looked up as the compiler
looks it up. That a rule is there says nothing of its quality: the official suite and the
fuzzer do.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import onnx

from onnx2py.lowering import find_rule, rules

Version = tuple[str, int, bool]
"""An operator's name, a version of it, and whether that has a rule."""


def versions() -> dict[str, list[Version]]:
    """Return all versions of all operators by domain."""
    found: dict[str, list[Version]] = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        covered = (
            find_rule(schema.domain, schema.name, schema.since_version) is not None
        )
        entry = (schema.name, schema.since_version, covered)
        found.setdefault(schema.domain, []).append(entry)
    return {domain: sorted(entries) for domain, entries in sorted(found.items())}


def table() -> str:
    """Return what belongs into the README."""
    known = versions()
    lines = ["| domain | operators | with a rule | versions | with a rule |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for domain, entries in known.items():
        names, covered = {n for n, _, _ in entries}, [e for e in entries if e[2]]
        lines.append(
            f"| `{domain or 'ai.onnx'}` | {len(names)} | {len({n for n, _, _ in covered})}"
            f" | {len(entries)} | {len(covered)} |"
        )
    others = [f"{d}.{name}" for d, name in rules() if d not in known]
    if others:
        lines += ["", *_wrapped("Besides, of other domains:", others)]
    missing = [
        f"{name} {version}" for e in known.values() for name, version, ok in e if not ok
    ]
    lines += ["", *_wrapped("Versions without a rule:", missing or ["none"])]
    return "\n".join([f"Of the operators of onnx {onnx.__version__}:", "", *lines, ""])


def _wrapped(heading: str, items: Iterable[str]) -> list[str]:
    # A non-breaking space keeps an operator and its version on one line while wrapping.
    joined = ", ".join(item.replace(" ", "\N{NO-BREAK SPACE}") for item in items)
    lines = textwrap.wrap(f"{heading} {joined}.", 88, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
