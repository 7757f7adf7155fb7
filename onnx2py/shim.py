"""A folder ``onnxruntime/`` with several models that replaces onnxruntime."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Union

from .emit.sampling import sampled_sha256
from .emit.shim import MODELS, NAME, Entry, build_shim
from .emit.write import check_target, divide_manifest, finish_manifest, staged
from .errors import ModelErrors, Onnx2pyError, OptionError, OutputError
from .load import LoadedModel
from .options import DECLARED, SHIM, Options, options_of
from .pipeline import Compiled, Progress, Report, compiled, formatted
from .shim_names import file_names, package_names
from .ship import Shipment, check_shipments, ship_wheel
from .ship.wheel import check_distribution, combined_sha256

if TYPE_CHECKING:
    from onnx import ModelProto  # noqa: TID251  (an annotation)

Model = Union[str, "os.PathLike[str]", bytes, "ModelProto"]

DISTRIBUTION = "onnxruntime-shim"
"""The default name of the wheel's distribution."""


@dataclass(frozen=True)
class ShimModel:
    """A model in the folder: the name of its package, how it is found, and its report."""

    package: str
    files: tuple[str, ...]
    sha256: str
    report: Report


@dataclass(frozen=True)
class ShimReport:
    """The result of :func:`compile_shim`."""

    path: Path
    models: tuple[ShimModel, ...]
    requires: tuple[str, ...]
    shipments: tuple[Shipment, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether every package that was verified agrees with its model."""
        return all(model.report.agrees for model in self.models)


def compile_shim(
    models: Sequence[Model],
    out: str | os.PathLike[str],
    *,
    distribution: str = DISTRIBUTION,
    progress: Progress | None = None,
    **options: object,
) -> ShimReport:
    """Compile models to a folder ``onnxruntime/`` that programs import instead of onnxruntime.

    Parameters
    ----------
    models : paths, bytes or ModelProtos
    out : the folder to write ``onnxruntime/`` into, or that folder itself
    distribution : the name of the distribution, if ``wheel`` requests a wheel
    progress : called with the current step and the completed fraction, 0 to 1
    options : those of :class:`onnx2py.options.Options` that suit several models

    Raises
    ------
    ModelErrors
        If models cannot be compiled; it lists the problems of all of them.
    Onnx2pyError
        If an option is not valid, or the folder cannot be written.
    """
    chosen = _options(models, options)
    tell = progress or (lambda _what, _done: None)
    path = Path(os.path.abspath(out))
    target = path if path.name == NAME else path / NAME
    check_distribution(distribution)
    with _folder(target.parent):
        check_target(target, force=chosen.force, allowed=NAME)
        check_shipments(chosen)
        made = _without_repetition(_compile_all(models, chosen, tell))
        return _write(target, made, chosen, distribution, tell)


def _options(models: Sequence[Model], options: dict[str, object]) -> Options:
    if isinstance(models, (str, bytes, os.PathLike)):
        raise OptionError("models: expected a list of models, got one")
    if not models:
        raise OptionError("models: expected at least one, got none")
    for name in options:
        if name in DECLARED and SHIM not in DECLARED[name].commands:
            raise OptionError(f"{name}: expected an option for several models together")
    return options_of(options)


@contextmanager
def _folder(path: Path) -> Iterator[None]:
    """Create a folder unless it exists; remove it again after a failure."""
    existed = path.exists()
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{path}: cannot be written: {reason}") from None
    try:
        yield
    except BaseException:
        if not existed:
            path.rmdir()
        raise


# ---------------------------------------------------------------------- compiling


@dataclass(frozen=True)
class _Made:
    """A compiled model, with the name of its package and the paths it was given by."""

    name: str
    paths: tuple[Path, ...]
    compiled: Compiled

    @property
    def data(self) -> tuple[tuple[str, str], ...]:
        """What tells the files beside the model from others."""
        loaded = self.compiled.loaded
        return tuple(
            (name, sampled_sha256(str(loaded.files.path(name, ""))))
            for name in loaded.external_files
        )


def _compile_all(
    models: Sequence[Model], chosen: Options, tell: Progress
) -> list[_Made]:
    """Compile each model; collect the problems of all."""
    made: list[_Made] = []
    problems: list[tuple[str, Onnx2pyError]] = []
    paths = [
        Path(os.path.abspath(m)) if isinstance(m, (str, os.PathLike)) else None
        for m in models
    ]
    for i, (model, path, name) in enumerate(zip(models, paths, package_names(paths))):

        def step(what: str, done: float, i: int = i, name: str = name) -> None:
            tell(f"{name}: {what}", (i + done) / len(models) * 0.9)

        try:
            qualified = f"{NAME}.{MODELS}.{name}"
            result = compiled(model, qualified, chosen, step, shared=True)
            made.append(_Made(name, (path,) if path else (), result))
        except Onnx2pyError as error:
            label = str(Path(model)) if path else f"model {i + 1}"  # type: ignore[arg-type]
            problems.append((label, error))
    if problems:
        raise ModelErrors(problems)
    return made


def _without_repetition(made: list[_Made]) -> list[_Made]:
    """Merge models that were given twice, with all their names.

    Raises
    ------
    OptionError
        If two models could not be distinguished.
    """
    kept: dict[object, _Made] = {}
    for each in made:
        key = (each.compiled.loaded.sha256, each.data)
        before = kept.setdefault(key, each)
        if before is each:
            continue
        if not _same_data(before.compiled.loaded, each.compiled.loaded):
            one, other = (" and ".join(map(str, m.paths)) for m in (before, each))
            raise OptionError(
                f"{other}: expected a file of its own, or external data of another size, "
                f"got the file of {one} with nearly the same data"
            )
        kept[key] = replace(before, paths=(*before.paths, *each.paths))
    return list(kept.values())


def _same_data(one: LoadedModel, other: LoadedModel) -> bool:
    """Return whether the external data of two equal models are also equal."""
    return all(
        filecmp.cmp(one.files.path(name, ""), other.files.path(name, ""), shallow=False)
        for name in one.external_files
    )


# ---------------------------------------------------------------------- writing


def _write(
    target: Path, made: list[_Made], chosen: Options, distribution: str, tell: Progress
) -> ShimReport:
    from . import __version__

    names = file_names([each.paths for each in made])
    entries = [
        Entry(each.name, loaded.sha256, files, each.data, loaded.denotations)
        for each, files in zip(made, names)
        for loaded in (each.compiled.loaded,)
    ]
    packages = {each.name: each.compiled.package for each in made}
    package = build_shim(packages, entries, __version__)
    files = package.files
    if chosen.layout:
        files = formatted(files, package.laid_out, lambda what, _: tell(what, 0.9))
    reports = []
    with staged(target, files) as folder:
        sources = {f"{MODELS}/{each.name}": each.compiled.source for each in made}
        divide_manifest(folder, sources)
        for each in made:
            part = folder / MODELS / each.name
            verification = None
            if chosen.verify:
                tell(f"{each.name}: verifying", 0.95)
                verification = each.compiled.verified(part, chosen)
            finish_manifest(part)
            reports.append(
                each.compiled.report(target / MODELS / each.name, verification)
            )
        finish_manifest(folder)
        shipments: tuple[Shipment, ...] = ()
        if chosen.wheel is not None:
            digest = combined_sha256(entry.sha256 for entry in entries)
            shipments = ship_wheel(
                folder, Path(chosen.wheel), package.requires, digest, distribution
            )
    tell("done", 1.0)
    models = tuple(
        ShimModel(entry.package, entry.files, entry.sha256, report)
        for entry, report in zip(entries, reports)
    )
    return ShimReport(target, models, package.requires, shipments)
