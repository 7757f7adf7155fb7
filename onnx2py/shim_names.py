"""What several models in one folder are called: their packages, and the files they came from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .plan.names import Wanted, assign_names


def package_names(paths: Sequence[Path | None]) -> list[str]:
    """Return a name for each model's package: its file's, with folders where two are equal."""
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
    """Return how the paths of each model end, with as many folders as tell models apart."""

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
