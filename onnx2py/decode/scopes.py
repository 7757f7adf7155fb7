"""Which modules of the network a node belongs to, as exporters write it.

PyTorch's exporter notes the modules of each node in ``metadata_props``, with their classes.
Older ones, and others, put them into the names of nodes: ``/encoder/layer.0/query/MatMul``.
This is text of a stranger: it is bounded, and no more than names of modules gets through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import onnx

from ..ir.graph import Scope

PATHS = "pkg.torch.onnx.name_scopes"
CLASSES = "pkg.torch.onnx.class_hierarchy"
NAMESPACE = "namespace"

MOST = 32
"""Modules inside each other."""
LONGEST = 4096
"""Characters of an entry, or of a name: what is longer is left alone."""

_ITEM = re.compile(r"'([^'\\]*)'")
_LIST = re.compile(r"\[(?:'[^'\\]*'(?:, |(?=\])))*\]")
_PATH = re.compile(r"[\w.\-]{1,200}")


def scopes_of(proto: onnx.NodeProto) -> tuple[Scope, ...]:
    """Return the modules that a node belongs to, from the outermost to the innermost."""
    noted = {
        entry.key: entry.value
        for entry in proto.metadata_props
        if entry.key in (PATHS, CLASSES, NAMESPACE) and len(entry.value) <= LONGEST
    }
    scopes = _of_lists(noted.get(PATHS, ""), noted.get(CLASSES, ""))
    scopes = scopes or _of_namespace(noted.get(NAMESPACE, ""))
    return scopes or _of_path(proto.name.strip("/").rpartition("/")[0])


def _of_lists(paths: str, classes: str) -> tuple[Scope, ...]:
    """Read ``['', 'layer1', 'layer1.0', 'conv2d']``; the last is the operator's."""
    places, names = _items(paths), _items(classes)
    if len(names) != len(places):
        names = [""] * len(places)
    return tuple(_scopes(zip(places[:-1], names)))


def _items(text: str) -> list[str]:
    return _ITEM.findall(text) if _LIST.fullmatch(text) else []


def _of_namespace(text: str) -> tuple[Scope, ...]:
    """Read ``: net.Net/layer1: Sequential/layer1.0: Block/conv2d: aten.conv2d.default``."""
    parts = [part.partition(": ") for part in text.split("/")]
    return tuple(_scopes((path, name) for path, _, name in parts[:-1]))


@lru_cache(maxsize=1000)
def _of_path(path_of_node: str) -> tuple[Scope, ...]:
    """Read ``encoder/layer.0/query``, or ``layer1/layer1.0/conv1``."""
    parts = path_of_node.split("/") if len(path_of_node) <= LONGEST else []
    paths: list[str] = []
    last = ""
    for part in parts[:MOST]:
        path = paths[-1] if paths else ""
        if last and part.startswith(
            f"{last}."
        ):  # an item of a sequence, which it names again
            path = path[: -len(last)].rstrip(".")
        paths.append(f"{path}.{part}".lstrip("."))
        last = part
    return tuple(_scopes((path, "") for path in paths))


def _scopes(items: Iterable[tuple[str, str]]) -> Iterator[Scope]:
    for count, (path, name) in enumerate(items):
        if count < MOST and _PATH.fullmatch(path):
            class_name = name.rpartition(".")[2]
            yield Scope(path, class_name if class_name.isidentifier() else "")
