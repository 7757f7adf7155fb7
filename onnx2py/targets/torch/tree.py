"""What a module holds, as source: the tree of the modules that the exported model had.

A module whose parts have numbers alone is an ``nn.ModuleList``, any other a ``Scope``, whose parts
have names. A class whose parts have numbers alone is an ``nn.Sequential``. What is alike in a list
is written once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Union

from ...emit.uses import Uses
from .paths import expression, lists_of

MODULE, PARAMETER, BUFFER = "module", "parameter", "buffer"
ITEM = "item"
"""The kind of lines that append a module to one which is a list: an ``nn.Sequential``."""


@dataclass(frozen=True)
class Leaf:
    """What stands at the end of a path: a layer, or a tensor of the module around it."""

    text: str
    kind: str = MODULE
    key: str = ""
    """The key in the state of one of its tensors, "" if it has none."""


GAP = "nn.Identity()"
"""What stands in a list for modules without weights, which are functions here."""
Node = Union[Leaf, "dict[str, Node]"]


@dataclass
class Tree:
    """Leaves by their paths; ``uses`` notes what the source imports."""

    leaves: Mapping[str, Leaf]
    uses: Uses
    lists: frozenset[str] = field(init=False)
    """The paths of modules that are lists."""
    root: dict[str, Node] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.lists = lists_of(self.leaves)
        for path, leaf in self.leaves.items():
            *outer, last = path.split(".")
            node = self.root
            for part in outer:
                inner = node.setdefault(part, {})
                assert isinstance(inner, dict)
                node = inner
            node[last] = leaf

    def expression(self, path: str) -> str:
        """Return the source that reads a module or a tensor: ``self.blocks[0].attn.qkv``."""
        return expression(path, self.lists)

    def attribute(self, path: str) -> str:
        """Return the source behind ``self.`` that reads a module or a tensor."""
        return expression(path, self.lists - {""}).removeprefix("self.")

    def walked(self, paths: Sequence[str]) -> str:
        """Return the source of what a loop over modules walks: a list, or a part of one."""
        if len({*paths}) == 1:
            return f"[{self.expression(paths[0])}] * {len(paths)}"
        around = paths[0].rpartition(".")[0]
        numbers = [path.rpartition(".")[2] for path in paths]
        alone = all(path.rpartition(".")[0] == around for path in paths)
        if paths == [*map(str, range(len(self.root)))] and "" in self.lists:
            return "self"
        if not (alone and around and around in self.lists):
            return f"({', '.join(map(self.expression, paths))})"
        start, stop = int(numbers[0]), int(numbers[0]) + len(paths)
        if numbers != [str(number) for number in range(start, stop)]:
            return f"({', '.join(map(self.expression, paths))})"
        whole = self.expression(around)
        end = "" if stop == self._length(around) else stop
        return f"{whole}[{start or ''}:{end}]" if start or end else whole

    def _length(self, path: str) -> int:
        """Return how many items a list has."""
        inside = (p[len(path) + 1 :] for p in self.leaves if p.startswith(f"{path}."))
        return 1 + max(int(rest.split(".")[0]) for rest in inside)

    def tensor(self) -> str:
        """Return the source that reads one of its tensors, "" if there is none."""
        key = _first_key(self.root)
        return self.expression(key) if key else ""

    def lines(self) -> Iterator[dict[str, str]]:
        """Yield what ``__init__`` does for each attribute of the model, for the template."""
        if "" in self.lists:
            yield from self._appended()
            return
        for name, node in _tensors_first(self.root):
            text = self.text(node, name)
            kind = node.kind if isinstance(node, Leaf) else MODULE
            line = f"self.{name} = {text}"
            if kind == BUFFER:
                line = f'self.register_buffer("{name}", {text})'
            elif name.isdigit():  # beside others
                line = f'self.add_module("{name}", {text})'
            key = _first_key(node)
            tensor = self.expression(key) if key else ""
            yield {
                "name": name, "comment": "", "line": line, "kind": kind, "tensor": tensor
            }  # fmt: skip

    def _appended(self) -> Iterator[dict[str, str]]:
        """Yield what ``__init__`` does for each item; what has no weights left gaps."""
        for number in range(max(map(int, self.root)) + 1):
            node = self.root.get(str(number), Leaf(GAP))
            key = _first_key(node)
            yield {
                "name": str(number), "comment": "", "kind": ITEM,
                "line": f"self.append({self.text(node, str(number))})",
                "tensor": self.expression(key) if key else "",
            }  # fmt: skip

    @property
    def base(self) -> str:
        """The class that a module of this tree is derived from."""
        return "nn.Sequential" if "" in self.lists else "nn.Module"

    def text(self, node: Node, path: str) -> str:
        """Return the source that makes a part of the tree."""
        if isinstance(node, Leaf):
            return node.text
        if path in self.lists:
            return self._list(node, path)
        named, numbered = [], []
        for name, inner in _tensors_first(node):
            text = self.text(inner, f"{path}.{name}")
            if name.isdigit():
                numbered.append(f'"{name}": {text}')
            else:
                named.append(f"{name}={text}")
        if numbered:
            named.append(f"**{{{', '.join(numbered)}}}")
        return f"{self.uses.name('_modules', 'Scope')}({', '.join(named)})"

    def _list(self, node: Mapping[str, Node], path: str) -> str:
        """Return a list; what computed without weights left gaps."""
        items = [GAP] * (max(map(int, node)) + 1)
        for number, inner in node.items():
            items[int(number)] = self.text(inner, f"{path}.{number}")
        if len(items) > 1 and len({*items}) == 1:
            return f"nn.ModuleList([{items[0]} for _ in range({len(items)})])"
        return f"nn.ModuleList([{', '.join(items)}])"


def _tensors_first(node: Mapping[str, Node]) -> list[tuple[str, Node]]:
    """Return the parts of a module, its own tensors first, as ``state_dict`` has them."""

    def is_module(item: tuple[str, Node]) -> bool:
        return not isinstance(item[1], Leaf) or item[1].kind == MODULE

    return sorted(node.items(), key=is_module)


def _first_key(node: Node) -> str:
    """Return the key of a tensor in a part of the tree, "" if there is none."""
    if isinstance(node, Leaf):
        return node.key
    return next(filter(None, map(_first_key, node.values())), "")
