"""Which operators have a rule: tables for the documentation (``make readme``).

Every version of every operator that the installed onnx knows is looked up as the compiler
looks it up. That a rule is there says nothing of its quality: the official suite and the
fuzzer of ``onnx2py.testing`` do.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import onnx

from onnx2py.lowering import find_rule, rules

from . import engines

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
    """Return the table of all domains, and the operators of other domains."""
    known = versions()
    lines = ["| domain | operators | with a rule | versions | with a rule |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for domain, entries in known.items():
        names, covered = {n for n, _, _ in entries}, [e for e in entries if e[2]]
        lines.append(
            f"| `{domain or 'ai.onnx'}` | {len(names)} | {len({n for n, _, _ in covered})}"
            f" | {len(entries)} | {len(covered)} |"
        )
    for domain, names in others().items():
        lines += ["", *_wrapped(f"Operators of `{domain}` ({len(names)}):", names)]
    missing = [
        f"{name} {version}" for e in known.values() for name, version, ok in e if not ok
    ]
    lines += ["", *_wrapped("Versions without a rule:", missing or ["none"])]
    return "\n".join([f"Of the operators of onnx {onnx.__version__}:", "", *lines, ""])


def summary() -> str:
    """Return how many operators there are, and what engines make of the same cases."""
    known = versions()
    operators = {(d, name) for d, e in known.items() for name, _, ok in e if ok}
    covered = [name for entries in known.values() for name, _, ok in entries if ok]
    total = sum(map(len, known.values()))
    more = ", ".join(f"{len(names)} of `{d}`" for d, names in others().items())
    return (
        f"{len(operators)} operators of onnx {onnx.__version__}, {len(covered)} of {total} "
        f"versions of them, and {more}. Engines on the same cases:\n\n{engines.table()}"
    )


def others() -> dict[str, list[str]]:
    """Return the operators with a rule of domains that onnx does not define."""
    known = versions()
    by_domain: dict[str, list[str]] = {}
    for domain, name in rules():
        if domain not in known:
            by_domain.setdefault(domain, []).append(name)
    return {domain: sorted(names) for domain, names in sorted(by_domain.items())}


def by_opset() -> dict[int, tuple[int, int]]:
    """Return for each opset of ``ai.onnx`` the operator versions, and those with a rule."""
    counts: dict[int, tuple[int, int]] = {}
    for _, version, ok in versions()[""]:
        number, covered = counts.get(version, (0, 0))
        counts[version] = number + 1, covered + ok
    return dict(sorted(counts.items()))


def _wrapped(heading: str, items: Iterable[str]) -> list[str]:
    # A non-breaking space keeps an operator and its version on one line while wrapping.
    joined = ", ".join(item.replace(" ", "\N{NO-BREAK SPACE}") for item in items)
    lines = textwrap.wrap(f"{heading} {joined}.", 88, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
