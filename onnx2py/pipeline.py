"""The whole compiler on one page."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .decode import DecodedModel
from .emit.frame import GOLDEN, README, remove_tools
from .emit.layout import format_source
from .emit.package import Content, Package, build_package
from .emit.provenance import Provenance
from .emit.write import check_target, finish_manifest, staged
from .front import read
from .ir.graph import Graph
from .ir.program import Program
from .load import LoadedModel, check_file
from .options import Options, options_of
from .report import report_page
from .ship import Shipment, check_shipments, check_size, ship
from .verify import Verification, verify_package

if TYPE_CHECKING:
    from onnx import ModelProto

Progress = Callable[[str, float], None]
"""Called with the current step and the completed fraction."""


@dataclass(frozen=True)
class Report:
    """The result of :func:`compile_model`."""

    path: Path
    nodes: int
    calls: int
    parameters: int
    weight_bytes: int
    requires: tuple[str, ...]
    verification: Verification | None = None
    shipments: tuple[Shipment, ...] = ()
    """The wheel and the archive, if they were asked for."""
    fixed_inputs: tuple[str, ...] = ()
    """The inputs with a default that became weights."""

    @property
    def agrees(self) -> bool:
        """False if verification found a difference; True without verification."""
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
    out : the folder of the package; its name is the package's name
    progress : called with the current step and the completed fraction, 0 to 1
    options : see :class:`onnx2py.options.Options`

    Raises
    ------
    UnsupportedError
        If the model uses unsupported operators or attributes; it lists all of them.
    Onnx2pyError
        If the model cannot be read, or the package cannot be written.
    """
    chosen = options_of(options)
    tell = progress or (lambda _what, _done: None)
    target = Path(os.path.abspath(out))
    check_file(model)  # first: a mistaken argument is not one of the output
    check_target(target, force=chosen.force)
    check_shipments(chosen)

    made = compiled(model, target.name, chosen, tell)
    package = made.package
    check_size(chosen, package.weight_bytes)
    with staged(target, package.files, made.source) as folder:
        verification = None
        if chosen.verify:
            tell("verifying", 0.85)
            verification = made.verified(folder, chosen)
        if chosen.minimal:
            remove_tools(folder)
        finish_manifest(folder)
        shipments = ship(
            folder,
            chosen,
            package.requires,
            made.origin,
            lambda: report_page(made.program, package, made.origin),
        )
    tell("done", 1.0)
    return made.report(target, verification, shipments)


@dataclass(frozen=True)
class Compiled:
    """The files of a package, and intermediate results."""

    model: str | os.PathLike[str] | bytes | ModelProto
    loaded: LoadedModel
    graph: Graph
    program: Program
    package: Package
    origin: Provenance

    @property
    def source(self) -> dict[str, str]:
        """What the package's list of files says of the model."""
        return {"file": self.loaded.source, "sha256": self.loaded.sha256}

    def verified(self, folder: Path, chosen: Options) -> Verification:
        """Compare the package, which lies in ``folder``, with the model."""
        verification = verify_package(
            folder,
            self.model if self.loaded.changed is None else self.loaded.changed,
            self.loaded.files.folder,
            chosen,
            graph=self.graph,
            requires=self.package.requires,
        )
        if (folder / GOLDEN).is_dir():
            readme = self.package.recorded_readme
            (folder / README).write_bytes(readme.encode("utf-8"))
        return verification

    def report(
        self,
        path: Path,
        verification: Verification | None,
        shipments: tuple[Shipment, ...] = (),
    ) -> Report:
        """Say what was made."""
        return Report(
            path=path,
            nodes=sum(1 for _ in self.graph.walk()),
            calls=self.package.calls,
            parameters=self.package.parameters,
            weight_bytes=self.package.weight_bytes,
            requires=self.package.requires,
            verification=verification,
            shipments=shipments,
            fixed_inputs=tuple(each.name for each in self.loaded.inputs.fixed),
        )


def compiled(
    model: str | os.PathLike[str] | bytes | ModelProto,
    name: str,
    chosen: Options,
    tell: Progress,
    *,
    shared: bool = False,
) -> Compiled:
    """Compile a model to the files of the package ``name``; nothing is written.

    If ``shared``, the parent package holds the operators.
    """
    from . import __version__

    tell("reading the model", 0.0)
    front = read(model, chosen)
    loaded, decoded = front.loaded, front.decoded
    origin = _origin(decoded, loaded, __version__, chosen.level)

    tell("rewriting the graph", 0.1)
    program = front.program()

    tell("writing source", 0.2)
    package = build_package(
        program,
        name,
        origin,
        shared=shared,
        minimal=chosen.minimal,
        graph=decoded.graph,
        target=front.target,
    )
    if chosen.layout:
        package = _formatted(package, tell)
    return Compiled(model, loaded, decoded.graph, program, package, origin)


def _origin(
    decoded: DecodedModel, loaded: LoadedModel, version: str, level: int
) -> Provenance:
    meta = decoded.metadata
    return Provenance(
        source=loaded.source,
        sha256=loaded.sha256,
        version=version,
        level=level,
        opsets=meta.opsets,
        producer=meta.producer,
        producer_name=meta.producer_name,
        domain=meta.domain,
        model_version=meta.version,
        description=meta.description,
        graph_description=meta.graph_description,
        properties=meta.properties,
        symbols=meta.symbols,
        nodes=sum(1 for _ in decoded.graph.walk()),
        fixed=loaded.inputs.fixed,
    )


def _formatted(package: Package, tell: Progress) -> Package:
    files = formatted(package.files, package.laid_out, tell)
    return replace(package, files=files)


def formatted(
    files: Mapping[str, Content], laid_out: Container[str], tell: Progress
) -> dict[str, Content]:
    """Format the sources among files with black, except those it would not change."""
    sources = [path for path in files if path.endswith(".py")]
    done = dict(files)
    work = {p: len(str(files[p])) / (20 if p in laid_out else 1) for p in sources}
    total, before = sum(work.values()) or 1.0, 0.0
    for path in sources:
        tell(f"formatting {path}", 0.25 + 0.6 * before / total)
        before += work[path]  # the time that black takes goes by length
        done[path] = format_source(path, str(files[path]), laid_out=path in laid_out)
    return done
