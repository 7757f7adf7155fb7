"""The tables of speed in docs/performance.md in short, and as numbers for the plots."""

from __future__ import annotations

from .pages import read_section

ALL = "geometric mean"


def tables() -> list[list[list[str]]]:
    """Return the cells of the tables of the section ``speed``, headers first."""
    parsed: list[list[list[str]]] = []
    inside = False
    for line in read_section("speed").splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        if not inside:
            parsed.append([])
        inside = True
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not set(line) <= set("|-: "):
            parsed[-1].append(cells)
    return parsed


def model_ratios() -> list[tuple[str, str, float]]:
    """Return family, model and latency relative to onnxruntime of each row."""
    ratios, models = [], []
    for name, *cells in _latency():
        if name.startswith("**"):
            ratios += [(name.strip("*"), *model) for model in models]
            models = []
        else:
            models.append((name, float(cells[3])))
    return ratios


def family_ratios() -> list[tuple[str, float]]:
    """Return the geometric mean of each family's latencies relative to onnxruntime."""
    return [
        (name.strip("*"), float(cells[3].strip("*")))
        for name, *cells in _latency()
        if name.startswith("**")
    ]


def _latency() -> list[list[str]]:
    return next(rows[1:] for rows in tables() if "torch" in rows[0])


def figures() -> dict[str, float]:
    """Return the results of the table of goals by name."""
    goals = next(rows[1:] for rows in tables() if "goal" in rows[0])
    return {name: float(result.split()[0]) for name, _, result in goals}


def speed() -> str:
    """Return the README's table of speed."""
    values = figures()
    count = len(model_ratios())
    lines = [
        f"| geometric mean of {count} models and sizes "
        "| onnx2py relative to onnxruntime (lower is better) |",
        "| --- | ---: |",
        f"| latency of a call | {values['latency / onnxruntime, all']:.2f} |",
        *(
            f"| ... with oneDNN (`--accelerate`) | {value:.2f} |"
            for name, value in values.items()
            if name == "with oneDNN / onnxruntime, all"
        ),
        f"| cold start: process to first result | {values['cold start / onnxruntime']:.2f} |",
        f"| peak memory | {values['peak memory / onnxruntime']:.2f} |",
    ]
    return "\n".join([*lines, ""])
