"""Names of several models in one folder: of their packages and of their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .emit.names import Wanted, assign_names


def package_names(paths: Sequence[Path | None]) -> list[str]:
    """Return a package name for each model: that of its file, with folders to make it unique."""
    keys = [
        f"{i}" if path is None else path.with_suffix("").as_posix().replace(".", "_")
        for i, path in enumerate(paths)
    ]
    unique = [
        key if key not in keys[:i] else f"{key}_{i}" for i, key in enumerate(keys)
    ]
    names = assign_names([Wanted(key, "model") for key in unique], ("ops",))
    return [names[key] for key in unique]


def file_names(groups: Sequence[Sequence[Path]]) -> list[tuple[str, ...]]:
    """Return the ends of the paths of each model, with enough folders to distinguish models."""

    def ending(path: Path, length: int) -> str:
        return "/".join(path.parts[-length:])

    def name(own: int, path: Path) -> str:
        others = [p for i, group in enumerate(groups) if i != own for p in group]
        for length in range(1, len(path.parts)):
            if all(ending(p, length) != ending(path, length) for p in others):
                return ending(path, length)
        return path.as_posix()

    return [
        tuple(dict.fromkeys(name(i, path) for path in group))
        for i, group in enumerate(groups)
    ]
