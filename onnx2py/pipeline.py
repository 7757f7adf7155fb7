"""The whole compiler on one page."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .decode import DecodedModel
from .emit.layout import format_source
from .emit.package import Package, Provenance, build_package
from .emit.write import check_target, finish_manifest, staged
from .front import read
from .options import Options
from .report import report_page
from .ship import Shipment, check_shipments, check_size, ship
from .verify import Verification, verify_package

if TYPE_CHECKING:
    from onnx import ModelProto

Progress = Callable[[str, float], None]
"""Told what is being done, and which part of the whole is done."""


@dataclass(frozen=True)
class Report:
    """What was made."""

    path: Path
    nodes: int
    calls: int
    parameters: int
    weight_bytes: int
    requires: tuple[str, ...]
    verification: Verification | None = None
    shipments: tuple[Shipment, ...] = ()
    """The wheel and the archive, if they were asked for."""

    @property
    def agrees(self) -> bool:
        """Whether the package agrees with the model, as far as anyone looked."""
        return self.verification is None or self.verification.agrees


def compile_model(
    model: str | os.PathLike[str] | bytes | ModelProto,
    out: str | os.PathLike[str],
    *,
    progress: Progress | None = None,
    **options: object,
) -> Report:
    """Compile an ONNX model to a Python package at ``out``.

    Parameters
    ----------
    model : path, bytes or ModelProto
    out : the package's folder; its name is the package's name
    progress : called with what is being done and how much of all is done, from 0 to 1
    options : see :class:`onnx2py.options.Options`

    Raises
    ------
    UnsupportedError
        If the model uses what there is no rule for; it lists everything.
    Onnx2pyError
        If the model cannot be read, or the package cannot be written.
    """
    from . import __version__

    chosen = Options(**options)  # type: ignore[arg-type]
    tell = progress or (lambda _what, _done: None)
    target = Path(os.path.abspath(out))
    check_target(target, force=chosen.force)
    check_shipments(chosen)

    tell("reading the model", 0.0)
    front = read(model, chosen)
    loaded, decoded = front.loaded, front.decoded
    origin = _origin(decoded, loaded.source, loaded.sha256, __version__, chosen.level)

    tell("rewriting the graph", 0.1)
    program = front.program()

    tell("writing source", 0.3)
    package = build_package(program, target.name, origin)
    if chosen.layout:
        package = _formatted(package, tell)

    check_size(chosen, package.weight_bytes)
    source = {"file": loaded.source, "sha256": loaded.sha256}
    with staged(target, package.files, source) as folder:
        verification = None
        if chosen.verify:
            tell("verifying", 0.9)
            verification = verify_package(
                folder,
                model if loaded.changed is None else loaded.changed,
                loaded.files.folder,
                chosen,
                graph=decoded.graph,
                requires=package.requires,
            )
        finish_manifest(folder)
        shipments = ship(
            folder,
            chosen,
            package.requires,
            origin,
            lambda: report_page(program, package, origin),
        )
    tell("done", 1.0)
    return Report(
        path=target,
        nodes=sum(1 for _ in decoded.graph.walk()),
        calls=package.calls,
        parameters=package.parameters,
        weight_bytes=package.weight_bytes,
        requires=package.requires,
        verification=verification,
        shipments=shipments,
    )


def _origin(
    decoded: DecodedModel, source: str, sha256: str, version: str, level: int
) -> Provenance:
    meta = decoded.metadata
    return Provenance(
        source=source,
        sha256=sha256,
        version=version,
        level=level,
        opsets=meta.opsets,
        producer=meta.producer,
        description=meta.description,
        properties=meta.properties,
    )


def _formatted(package: Package, tell: Progress) -> Package:
    files = dict(package.files)
    sources = [path for path in files if path.endswith(".py")]
    for i, path in enumerate(sources):
        tell(f"formatting {path}", 0.4 + 0.5 * i / len(sources))
        laid_out = path in package.laid_out
        files[path] = format_source(path, str(files[path]), laid_out=laid_out)
    return replace(package, files=files)
