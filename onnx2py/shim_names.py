"""Names of several models in one folder: of their packages and of their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .emit.names import joined, snake_case, unique_name


def package_names(paths: Sequence[Path | None]) -> list[str]:
    """Return a package name for each model: that of its file, with folders to make it unique.

    The names depend on no folder but those that tell models apart.
    """
    scopes = [_scopes(path, i) for i, path in enumerate(paths)]
    taken = {"ops": 0, "tools": 0}
    return [unique_name(joined(own, _depth(own, scopes)), taken) for own in scopes]


def _scopes(path: Path | None, place: int) -> tuple[str, ...]:
    """Return the folders and the file name of a model in snake case."""
    if path is None:
        return (f"model_{place}",)
    *folders, file = path.with_suffix("").parts
    return (*filter(None, map(snake_case, folders)), snake_case(file) or "model")


def _depth(own: tuple[str, ...], scopes: Sequence[tuple[str, ...]]) -> int:
    """Return how many names at the end tell one model from all that are spelled otherwise."""
    others = {each for each in scopes if each != own}
    depths = range(1, len(own))
    apart = (d for d in depths if all(o[-d:] != own[-d:] for o in others))
    return next(apart, len(own))


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
