"""What a command did, in words: one line that says it all, then the details."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .errors import (
    InvalidModelError,
    LimitError,
    ModelErrors,
    Onnx2pyError,
    UnsupportedError,
    counted,
    from_here,
    of_model,
)
from .summary_comparison import comparison, values, verdict
from .tables import aligned, in_bytes
from .terminal import PLAIN, Palette, plain

if TYPE_CHECKING:
    from .inspection import Inspection, OperatorUse, ValueInfo
    from .pipeline import Report
    from .shim import ShimReport
    from .ship import Shipment
    from .verify import Verification


def summary(report: Report, palette: Palette = PLAIN, *, verbose: bool) -> str:
    """Describe a package and how it compares with its model."""
    made, result = palette.good("compiled"), report.verification
    lines = [
        f"{plain(from_here(report.path))}: {made}{verdict(result, palette)}",
        f"  {counted(report.nodes, 'node')}, {counted(report.calls, 'call')}, "
        f"{counted(report.parameters, 'parameter')}, {in_bytes(report.weight_bytes)} of weights",
        *_fixed(report.fixed_inputs),
        f"  requires {', '.join(report.requires)}",
        *_shipments(report.shipments),
    ]
    if result is not None:
        lines += comparison(result, palette, verbose=verbose)
    return "\n".join(lines)


def shim_summary(report: ShimReport, palette: Palette = PLAIN, *, verbose: bool) -> str:
    """Describe a folder of several models, and how each package compares with its model."""
    count = len(report.models)
    models = f"{count} {'model' if count == 1 else 'models'}"
    lines = [f"{plain(from_here(report.path))}: {palette.good('compiled')} {models}"]
    for model in report.models:
        made = model.report
        files = " or ".join(map(plain, model.files)) or "bytes"
        lines.append(
            f"  {files} ({model.sha256[:12]}): models/{model.package}, "
            f"{counted(made.nodes, 'node')}, {in_bytes(made.weight_bytes)} of weights"
            f"{verdict(made.verification, palette)}"
        )
        lines += [f"  {line}" for line in _fixed(made.fixed_inputs)]
        if made.verification is not None:
            details = comparison(made.verification, palette, verbose=verbose)
            lines += [f"  {line}" for line in details]
    lines += [
        f"  requires {', '.join(report.requires)}",
        *_shipments(report.shipments),
        f"  programs import it with PYTHONPATH={plain(report.path.parent)}",
    ]
    return "\n".join(lines)


def verification_text(
    package: str,
    verification: Verification,
    palette: Palette = PLAIN,
    *,
    verbose: bool,
    every_value: bool,
) -> str:
    """Describe how an existing package compares with a model."""
    result = verdict(verification, palette).removeprefix(", ")
    lines = [f"{plain(package)}: {result}"]
    lines += comparison(verification, palette, verbose=verbose)
    if verification.nodes is not None:
        lines += values(verification.nodes, palette, all_rows=every_value)
    return "\n".join(lines)


def _fixed(names: Sequence[str], become: str = "became") -> Iterable[str]:
    """Say how many inputs with a default became weights, or will become weights."""
    if len(names) == 1:
        becomes = "becomes" if become == "become" else become
        yield f"  1 input has a default and {becomes} a weight; --overridable keeps it"
    elif names:
        yield (
            f"  {len(names):,} inputs have defaults and {become} weights; "
            "--overridable keeps them"
        )


def _shipments(shipments: Iterable[Shipment]) -> Iterable[str]:
    for each in shipments:
        yield f"  {each.kind}: {plain(each.path)}, {in_bytes(each.size)}"


# ---------------------------------------------------------------------- inspection


def inspection_text(inspection: Inspection, palette: Palette = PLAIN) -> str:
    """Describe a model: its signature, weights and operators, and what cannot be compiled."""
    opsets = ", ".join(f"{plain(k)} {v}" for k, v in inspection.opsets.items())
    producer = inspection.producer and f", produced by {plain(inspection.producer)}"
    dtypes = f" ({', '.join(inspection.dtypes)})" if inspection.dtypes else ""
    lines = [
        f"{plain(inspection.source)}: {_compilable(inspection, palette)}",
        f"  opset {opsets}{producer}",
        *_values("input", inspection.inputs),
        *_fixed(inspection.fixed_inputs, "become"),
        *_values("output", inspection.outputs),
        f"  {counted(inspection.nodes, 'node')}, "
        f"{counted(inspection.parameters, 'parameter')}, "
        f"{in_bytes(inspection.weight_bytes)} of weights{dtypes}",
    ]
    if inspection.untraced:
        lines += [
            f"  {counted(len(inspection.untraced), 'node')} where data decides a shape or the way, "
            "which cannot be traced but works:",
            *(f"    {plain(label)}" for label in inspection.untraced),
        ]
    if inspection.external_files:
        files = ", ".join(map(plain, inspection.external_files))
        lines.append(f"  external data: {files}")
    rows = [("operator", "version", "count", "supported")]
    rows += [_operator_row(use, palette) for use in inspection.operators]
    lines += [f"  {line}".rstrip() for line in aligned(rows)]
    for use in inspection.operators:
        name = f"{plain(use.operator)}-{use.version}"
        lines += [f"  {name}: {plain(problem)}" for problem in use.problems]
    lines += [f"  {plain(problem)}" for problem in inspection.problems]
    return "\n".join(lines)


def _compilable(inspection: Inspection, palette: Palette) -> str:
    if inspection.package_bytes is None:
        unsupported = sum(not use.supported for use in inspection.operators)
        total = len(inspection.operators)
        verb = "is" if unsupported == 1 else "are"
        reason = f", {unsupported} of {counted(total, 'operator')} {verb} not supported"
        return palette.bad("cannot be compiled") + (reason if unsupported else "")
    return (
        f"{palette.good('can be compiled')}, "
        f"{counted(inspection.nodes, 'node')} in {counted(inspection.calls or 0, 'call')}, "
        f"about {in_bytes(inspection.package_bytes)}, "
        f"requires {', '.join(inspection.requires or ())}"
    )


def _operator_row(use: OperatorUse, palette: Palette) -> tuple[str, str, str, str]:
    supported = "yes" if use.supported else palette.bad("NO")
    return plain(use.operator), str(use.version), str(use.count), supported


def _values(title: str, values: Sequence[ValueInfo]) -> Iterable[str]:
    for value in values:
        mark = " (optional)" if value.optional else ""
        yield f"  {title} {plain(value.name)}: {plain(value.type)}{mark}"


# ---------------------------------------------------------------------- errors


def error_text(error: Onnx2pyError) -> str:
    """Return an error's message; text of the model in it cannot move the cursor or add lines."""
    if isinstance(error, ModelErrors):
        return "\n".join(
            of_model(plain(name), error_text(e)) for name, e in error.errors
        )
    if isinstance(error, (InvalidModelError, UnsupportedError)):
        heading = str(error).partition("\n")[0]
        return "\n".join([heading, *(f"  {plain(p)}" for p in error.problems)])
    if isinstance(error, LimitError) and error.listed:
        lines = (f"  {plain(line)}" for line in error.listed)
        return "\n".join([plain(error.heading), *lines, plain(error.hint)])
    return plain(error)
