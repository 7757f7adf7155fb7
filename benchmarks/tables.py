"""Rows as tables in Markdown, and beside the bars that they are to clear."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence

from .measure import ACCELERATED, Row
from .models import FAMILIES

TINY_SECONDS = 1e-4
"""Tiny is what takes onnxruntime less than this."""


def latency_table(rows: Sequence[Row]) -> str:
    """Return the latency of each model by engine, and the ratios."""
    lines = [
        "| model | onnx2py | quartiles | onnxruntime | / onnxruntime | with oneDNN "
        "| / onnxruntime | reference / onnx2py | torch | largest difference |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for family in dict.fromkeys((*FAMILIES, *(row.family for row in rows))):
        chosen = [row for row in rows if row.family == family]
        if not chosen:
            continue
        lines += map(_latency_line, chosen)
        mean = geometric_mean(chosen, "latency", "onnx2py", "onnxruntime")
        faster = geometric_mean(chosen, "latency", ACCELERATED, "onnxruntime")
        slower = geometric_mean(chosen, "latency", "reference", "onnx2py")
        lines.append(
            f"| **{family}** | | | | **{_plain(mean)}** | | **{_plain(faster)}** "
            f"| {_plain(slower)} | | |"
        )
    return "\n".join([*lines, ""])


def _latency_line(row: Row) -> str:
    low, high = row.quartiles.get("onnx2py", (0.0, 0.0))
    cells = [
        row.name,
        milliseconds(row.latency.get("onnx2py")),
        f"{milliseconds(low)} - {milliseconds(high)}",
        milliseconds(row.latency.get("onnxruntime")),
        _plain(row.ratio("latency", "onnx2py", "onnxruntime")),
        milliseconds(row.latency.get(ACCELERATED)),
        _plain(row.ratio("latency", ACCELERATED, "onnxruntime")),
        _plain(row.ratio("latency", "reference", "onnx2py")),
        milliseconds(row.latency.get("torch")),
        f"{row.difference:.0e}",
    ]
    return f"| {' | '.join(cells)} |"


def other_table(rows: Sequence[Row]) -> str:
    """Return cold start, peak memory and compile time of each model."""
    lines = [
        "| model | cold start | onnxruntime | ratio | peak memory | onnxruntime | ratio "
        "| compile |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        cells = [row.name]
        for what, spell in (("cold", milliseconds), ("memory", _megabytes)):
            found = getattr(row, what)
            cells += [spell(found.get(engine)) for engine in ("onnx2py", "onnxruntime")]
            cells.append(_plain(row.ratio(what, "onnx2py", "onnxruntime"), 2))
        lines.append(f"| {' | '.join(cells)} | {row.compile:.1f} s |")
    means = [
        _plain(geometric_mean(rows, what, "onnx2py", "onnxruntime"), 2)
        for what in ("cold", "memory")
    ]
    lines.append(f"| geometric mean | | | {means[0]} | | | {means[1]} | |")
    return "\n".join([*lines, ""])


def bars_table(rows: Sequence[Row], chain: float | None) -> str:
    """Return the goals and the results."""
    lines = ["| figure | goal | result |", "| --- | ---: | ---: |"]
    for name, aim, value in (*figures(rows, chain), *figures_of_onednn(rows)):
        if value is not None:
            more = name.startswith("ReferenceEvaluator")
            sign = "≥" if more else "≤"
            mark = "" if (value >= aim if more else value <= aim) else " (missed)"
            lines.append(f"| {name} | {sign} {aim:g} | {value:.2f}{mark} |")
    return "\n".join([*lines, ""])


def figures(
    rows: Sequence[Row], chain: float | None
) -> list[tuple[str, float, float | None]]:
    """Return name, aim and value of each figure; None where it was not measured."""

    def family(*names: str) -> Callable[[Row], bool]:
        return lambda row: row.family in names

    def is_tiny(row: Row) -> bool:
        return row.latency.get("onnxruntime", 1.0) < TINY_SECONDS

    def mean(
        what: str, engine: str, other: str, keep: Callable[[Row], bool] = lambda _: True
    ) -> float | None:
        return geometric_mean(filter(keep, rows), what, engine, other)

    ours = ("latency", "onnx2py", "onnxruntime")
    resnet = next((r.compile for r in rows if r.name == "timm-resnet50"), None)
    return [
        ("latency / onnxruntime, all", 2.5, mean(*ours)),
        ("transformers", 1.4, mean(*ours, family("transformer", "decoder"))),
        ("dense CNN", 2.3, mean(*ours, family("dense CNN"))),
        ("depthwise CNN", 5.0, mean(*ours, family("depthwise CNN"))),
        ("RNN audio", 4.0, mean(*ours, family("RNN audio"))),
        ("int8 / own float32", 1.3, _int8(rows)),
        ("under 0.1 ms in onnxruntime", 5.0, mean(*ours, is_tiny)),
        ("ReferenceEvaluator / onnx2py", 30.0, mean("latency", "reference", "onnx2py")),
        ("cold start / onnxruntime", 0.6, mean("cold", "onnx2py", "onnxruntime")),
        ("peak memory / onnxruntime", 1.0, mean("memory", "onnx2py", "onnxruntime")),
        ("compile timm-resnet50, seconds", 2.5, resnet),
        ("compile 10 000 nodes, seconds", 25.0, chain),
    ]


def figures_of_onednn(rows: Sequence[Row]) -> list[tuple[str, float, float | None]]:
    """Return name, aim and value of each figure of packages that call oneDNN."""

    def mean(*families: str) -> float | None:
        chosen = [row for row in rows if not families or row.family in families]
        return geometric_mean(chosen, "latency", ACCELERATED, "onnxruntime")

    later = [
        row.cold[ACCELERATED] - row.cold["onnxruntime"]
        for row in rows
        if {ACCELERATED, "onnxruntime"} <= row.cold.keys()
    ]
    return [
        ("with oneDNN / onnxruntime, all", 1.4, mean()),
        ("with oneDNN, transformers", 1.15, mean("transformer", "decoder")),
        ("with oneDNN, dense CNN", 1.25, mean("dense CNN")),
        ("with oneDNN, depthwise CNN", 1.3, mean("depthwise CNN")),
        ("with oneDNN, int8", 1.1, mean("int8")),
        (
            "with oneDNN, cold start: ms after onnxruntime",
            40.0,
            1e3 * statistics.median(later) if later else None,
        ),
    ]


def _int8(rows: Sequence[Row]) -> float | None:
    by_name = {row.name: row.latency.get("onnx2py") for row in rows}
    pairs = [(row.latency.get("onnx2py"), by_name.get(row.single)) for row in rows]
    ratios = [ours / single for ours, single in pairs if ours and single]
    return statistics.geometric_mean(ratios) if ratios else None


def geometric_mean(
    rows: Iterable[Row], what: str, engine: str, other: str
) -> float | None:
    """Return the geometric mean of the ratios where both engines ran."""
    ratios = [row.ratio(what, engine, other) for row in rows]
    known = [ratio for ratio in ratios if ratio]
    return statistics.geometric_mean(known) if known else None


def milliseconds(seconds: float | None) -> str:
    """Spell a time with three digits."""
    if seconds is None:
        return "-"
    digits = (
        0 if seconds >= 0.1 else 1 if seconds >= 0.01 else 2 if seconds >= 1e-3 else 3
    )
    return f"{seconds * 1e3:.{digits}f} ms"


def _megabytes(size: float | None) -> str:
    return "-" if size is None else f"{size / 1e6:.0f} MB"


def _plain(number: float | None, digits: int = 1) -> str:
    return "-" if number is None else f"{number:.{digits}f}"
