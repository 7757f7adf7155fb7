"""The module tree of the model that was exported: where its weights and layers were.

P1  A weight that is called ``blocks.0.attn.qkv.weight`` -> ``weight`` of the module
    ``blocks.0.attn.qkv``.
P2  The modules that an exporter notes of a node, in its metadata or in its name -> the path of the
    innermost.
P3  Any other name -> its last scope in snake case.

Names are text of a stranger. A part of a path is a word of ASCII, or a number that is the index of
a ``ModuleList``; all else is no path. Words that Python or ``nn.Module`` has itself get ``_``.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...emit.names import snake_case
from ...ir.graph import Scope, onnx_name
from .module_names import MODULE_NAMES

MOST_PARTS = 32
LONGEST_PART = 64
MOST_ITEMS = 1000
"""Numbers from this on are no indices: a list has an item for each number below."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,2}")


def path_of(text: str) -> str:
    """Return a path in the module tree, "" if the text is none (rule P1)."""
    parts = text.split(".", MOST_PARTS) if len(text) <= MOST_PARTS * 8 else []
    if len(parts) > MOST_PARTS or not all(map(_is_part, parts)):
        return ""
    return ".".join(map(_attribute, parts))


def weight_path(value: str) -> str:
    """Return the path of a weight by its ONNX name, "" if that is none or only a number."""
    path = path_of(onnx_name(value))
    return "" if path.rpartition(".")[2].isdigit() else path


def stem(value: str, key: str) -> str:
    """Return the module whose weight ``key`` has this name, "" if the name says none."""
    path, dot, last = weight_path(value).rpartition(".")
    return path if dot and last == key else ""


def scope_path(scopes: tuple[Scope, ...]) -> str:
    """Return the path of the innermost module, "" if nothing is known of it (rule P2)."""
    return path_of(scopes[-1].path) if scopes else ""


def other_path(name: str, fallback: str) -> str:
    """Return a path of one word for any name (rule P3)."""
    word = snake_case(re.split(r"[/.:]", onnx_name(name))[-1])[:LONGEST_PART]
    return path_of(word) if _WORD.fullmatch(word) else fallback


def _is_part(part: str) -> bool:
    if part.isdigit():
        return bool(_NUMBER.fullmatch(part)) and int(part) < MOST_ITEMS
    return len(part) <= LONGEST_PART and bool(_WORD.fullmatch(part))


def _attribute(part: str) -> str:
    """Return a name that an attribute of a module may have."""
    if not (keyword.iskeyword(part) or part in MODULE_NAMES or part[:2] == "__"):
        return part
    word = part.strip("_")
    return f"{word}_" if word[:1].isalpha() else f"value_{word}"


@dataclass
class Places:
    """The paths of layers, which hold no others, and of single weights.

    Earlier claims are the better ones: paths that are known for certain come first.
    """

    leaves: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    """What holds leaves."""

    def claim(self, path: str, inside: str = "") -> str:
        """Return a path for a new leaf, the one that is asked for if it is free.

        ``inside`` is the name of the leaf in a module of that path, if there is one.
        """
        path = self._outside_leaves(path)
        if inside and path in self.modules:
            path = f"{path}.{inside}"
        found = next(p for p in _alike(path) if self.is_free(p))
        self.leaves.add(found)
        self.modules.update(_around(found))
        return found

    def is_free(self, path: str) -> bool:
        """Whether nothing is at a path, and no leaf around it."""
        around = not self.leaves.isdisjoint(_around(path))
        return not around and path not in self.leaves and path not in self.modules

    def _outside_leaves(self, path: str) -> str:
        """Return a path beside the leaf that holds it, if there is one."""
        for leaf in _around(path):
            if leaf in self.leaves:
                before, _, last = leaf.rpartition(".")
                rest = path[len(leaf) + 1 :].replace(".", "_")
                return _joined(before, f"{last}_{rest}")
        return path


def _around(path: str) -> Iterator[str]:
    """Yield the modules that hold a path, the outermost first."""
    parts = path.split(".")
    for count in range(1, len(parts)):
        yield ".".join(parts[:count])


def _alike(path: str) -> Iterator[str]:
    yield path
    before, _, last = path.rpartition(".")
    for number in range(2, 1 << 30):
        yield _joined(before, f"{last}_{number}")


def _joined(before: str, last: str) -> str:
    last = f"layer_{last}" if last[0].isdigit() else last
    return f"{before}.{last}" if before else last


def lists_of(paths: Iterable[str]) -> frozenset[str]:
    """Return the modules that can be lists: all that they hold has numbers.

    "" is the module around all.
    """
    children: dict[str, set[str]] = {}
    for path in paths:
        before = ""
        for part in path.split("."):
            children.setdefault(before, set()).add(part)
            before = f"{before}.{part}" if before else part
    return frozenset(
        module
        for module, names in children.items()
        if all(name.isdigit() for name in names)
    )


def expression(path: str, lists: frozenset[str], start: str = "self") -> str:
    """Return the source that reads a path: ``self.blocks[0].attn.qkv``.

    ``lists`` are the modules that are lists; an item of any other is read by its name.
    """
    text, before = start, ""
    for part in path.split("."):
        if not part.isdigit():
            text += f".{part}"
        elif before in lists:
            text += f"[{part}]"
        else:
            text += f'.get_submodule("{part}")'
        before = f"{before}.{part}" if before else part
    return text
