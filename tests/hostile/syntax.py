"""The shape of a package's files: what is left when the model's own words are taken away."""

from __future__ import annotations

import ast
import email
import re
import zipfile
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any


@lru_cache(maxsize=1024)  # most files of packages are the same
def of_python(source: str, numbered: bool = True) -> str:
    """Return a syntax tree in which text is one word, and names are numbered as they come.

    Where names of the model are cut, a weight may be called as a field of the outputs is, which
    changes the numbers: there all names are one word.
    """
    numbers: dict[str, str] = {}

    def renamed(value: Any) -> Any:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return ast.Constant("text")
        if isinstance(value, ast.AST):
            fields = {name: renamed(part) for name, part in ast.iter_fields(value)}
            return type(value)(**fields)
        if isinstance(value, list):
            return [renamed(part) for part in value]
        if isinstance(value, str):  # an identifier, wherever it stands
            return numbers.setdefault(value, f"n{len(numbers)}") if numbered else "name"
        return value

    return ast.dump(renamed(ast.parse(source)))


def of_markdown(text: str) -> list[str]:
    """Return the structure of each line: how it begins, its cells and spans."""
    plain = re.sub(r"\\[^\w\s]", "", text)  # what a backslash makes harmless
    return [
        f"{line[:2] if line[:1] in '#|`>-* ' else ''} {line.count('|')} {line.count('`')}"
        for line in plain.splitlines()
    ]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append(f"<{tag} {' '.join(name for name, _ in attrs)}>")

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.found.append("<!-- -->")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"<!{decl}>")

    def unknown_decl(self, data: str) -> None:
        self.found.append("<![]]>")


def of_html(text: str) -> list[str]:
    """Return the tags of a page, with the names of their attributes."""
    parser = _Tags()
    parser.feed(text)
    parser.close()
    return parser.found


def of_archive(path: Path, numbered: bool = True) -> list[Any]:
    """Return the entries of a wheel or zipapp; weights are counted."""
    found: list[Any] = []
    weights = 0
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            assert not name.startswith("/") and ".." not in name and "\\" not in name
            if name.endswith(".npy"):
                weights += 1
                continue
            folder, _, last = name.rpartition("/")
            folder = re.sub(r"^[^/]*\.dist-info", "info", folder)
            data = archive.read(name)
            if name.endswith(".py"):
                found.append((folder, last, of_python(data.decode(), numbered)))
            elif last == "METADATA":
                found.append((last, email.message_from_bytes(data).keys()))
            elif last == "RECORD":
                found.append((last, data.decode().count("\n")))
            elif last == "LICENSE":
                found.append((folder, last, data.decode().count("\n")))
            else:
                found.append((folder, last))
    return [weights, *found]


def of_folder(folder: Path, numbered: bool = True) -> dict[str, Any]:
    """Return the shape of all files of a package."""
    found: dict[str, Any] = {"weights": 0}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".npy":
            found["weights"] += 1
        elif path.suffix == ".py":
            found[name] = of_python(path.read_text(encoding="utf-8"), numbered)
        elif path.suffix == ".md":
            found[name] = of_markdown(path.read_text(encoding="utf-8"))
        elif path.name == "LICENSE":
            found[name] = path.read_text(encoding="utf-8").count("\n")
        elif path.is_file():
            found[name] = None
    return found
