"""What a module holds, as source: the tree of the modules that the exported model had.

A module whose parts have numbers alone is an ``nn.ModuleList``, any other a ``Scope``, whose parts
have names. A class whose parts have numbers alone is an ``nn.Sequential``. What is alike in a list
is written once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..network.paths import expression
from ..network.tree import Leaf, Node, Tree

MODULE, PARAMETER, BUFFER = "", "parameter", "buffer"
"""Kinds of leaves."""
ITEM = "item"
"""The kind of lines that append a module to one which is a list: an ``nn.Sequential``."""
GAP = "nn.Identity()"
"""What stands in a list for modules without weights, which are functions here."""


class ModuleTree(Tree):
    """Modules and tensors by their paths."""

    @property
    def start(self) -> str:
        """The expression for the whole module."""
        return "self"

    def expression(self, path: str) -> str:
        """Return the source that reads a module or a tensor: ``self.blocks[0].attn.qkv``."""
        return expression(path, self.lists)

    def attribute(self, path: str) -> str:
        """Return the source behind ``self.`` that reads a module or a tensor."""
        return expression(path, self.lists - {""}).removeprefix("self.")

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
