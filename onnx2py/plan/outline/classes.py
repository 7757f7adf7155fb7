"""What classes are called (rule G8): as the exporter says, as their modules are, or by content."""

from __future__ import annotations

import os.path
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from ...ir.blocks import Chosen, mapped
from ...ir.graph import Scope
from ...ir.program import Apply, Call, Statement, bodies_of
from .distinct import Wish, distinct
from .items import Chosen as Block
from .names import camel, plural, singular
from .scopes import Path, common
from .tokens import path_of
from .windows import Window

CONTAINERS = frozenset({"Identity", "Module", "ModuleDict", "ModuleList", "Sequential"})
"""Classes that say nothing of what is in them."""
FALLBACK = "Block"
MOST = 0.7
"""The part of a module's calls that is called as the module is."""
WORDS = (
    (r"dot_product_attention|attention", "Attention"),
    (r"conv", "Conv"),
    (r"normalization|batch_norm", "Norm"),
    (r"project|matmul|gemm|linear", "Linear"),
    (r"lstm", "Lstm"),
    (r"gru", "Gru"),
    (r"rnn", "Rnn"),
    (r"hard_swish|swish|silu", "Swish"),
    (r"hard_sigmoid|sigmoid", "Sigmoid"),
    (r"gelu", "Gelu"),
    (r"relu", "Relu"),
    (r"tanh", "Tanh"),
    (r"softmax", "Softmax"),
    (r"pool", "Pool"),
    (r"quantize", "Quantize"),
    (r"take|gather", "Lookup"),
    (r"concatenate", "Concat"),
    (r"multiply", "Scale"),
    (r"add", "Add"),
)
"""What a function is for a reader; the first that fits."""
MINOR = frozenset({"Add", "Concat", "Lookup", "Quantize", "Scale"})
"""What gives no name to a class where there is anything else."""
PLAIN = frozenset(
    {"Add", "Cast", "Concat", "Constant", "Div", "Gather", "Identity", "Mul", "Reshape"}
    | {"Shape", "Slice", "Squeeze", "Sub", "Transpose", "Unsqueeze"}
)
"""Operators that give no name to a class, either."""


def named(
    statements: tuple[Statement, ...], blocks: Sequence[Block]
) -> tuple[tuple[Statement, ...], set[str]]:
    """Return statements in windows with names for their classes, and which stand for modules."""
    sizes = Counter(module.path for path in _scopes(statements) for module in path)
    modules: set[str] = set()
    windows: dict[str, list[Window]] = {}
    for window in _windows(statements):
        windows.setdefault(window.block, []).append(window)
    chosen: dict[str, str] = {}
    wishes: list[Wish] = []
    for block in blocks:
        inside = windows[block.name]
        is_module = block.is_module or _is_most(inside, sizes)
        found = _by_modules(inside) if is_module else iter(())
        chosen[block.name] = next(found, "") or _by_content(inside, chosen)
        wishes.append(_wish(chosen[block.name], inside))
        modules |= {block.name} if is_module else set()
    chosen.update(zip(chosen, distinct(wishes)))
    return tuple(_renamed(statements, chosen)), {chosen[name] for name in modules}


def _wish(name: str, windows: Sequence[Window]) -> Wish:
    """Return the name that the class of windows may have, and what is around and inside of them.

    Around some alone says nothing of the class.
    """
    window, *others = windows
    path = path_of_window(window)
    inmost = path[-1].path if path else ""
    around = [word for word in _path_words(inmost)[:-1] if camel(word) != name]
    for each in others:
        words = _path_words("".join(m.path for m in path_of_window(each)[-1:]))
        around = [word for word in around if word in words[:-1]]
    inside = (
        _path_words(each[-1].path.removeprefix(inmost))
        for each in _scopes(window.statements)
        if each
    )
    return Wish(
        name,
        tuple(reversed(around)),
        tuple(dict.fromkeys(word for words in inside for word in words)),
        tuple(_words(window.statements)),
    )


def _path_words(path: str) -> list[str]:
    """Return the words of a path without their numbers: ``layer1.0.conv2`` -> layer, conv."""
    words = (re.sub(r"[_\d]+\Z", "", part) for part in path.split("."))
    return [word for word in words if len(word) > 1]


def _is_most(windows: Sequence[Window], sizes: Mapping[str, int]) -> bool:
    """Whether most windows are nearly all of a module."""
    many = 0
    for window in windows:
        paths = [*_scopes(window.statements)]
        inmost = [module.path for module in common(p for p in paths if p)[-1:]]
        many += any(len(paths) >= MOST * sizes[path] for path in inmost)
    return 2 * many > len(windows)


def path_of_window(window: Window) -> Path:
    """Return the modules that all statements of a window belong to, or that it was given."""
    paths = [path for path in _scopes(window.statements) if path]
    if not window.attribute:
        return common(paths)
    classes = {scope.path: scope.class_name for path in paths for scope in path}
    modules = accumulate(window.attribute.split("."), "{}.{}".format)
    return tuple(Scope(module, classes.get(module, "")) for module in modules)


def _scopes(statements: Sequence[Statement]) -> Iterator[Path]:
    for statement in statements:
        if isinstance(statement.operation, Window):
            yield from _scopes(statement.operation.statements)
        else:
            yield statement.scopes
        for body in bodies_of(statement.operation):
            yield from _scopes(body.statements)


def _by_modules(windows: Sequence[Window]) -> Iterator[str]:
    """Yield what the modules of windows are called, in most cases at least."""
    paths = [path_of_window(window) for window in windows]
    inmost = [path[-1] for path in paths if path]
    classes = Counter(scope.class_name for scope in inmost)
    yield from _common(
        Counter({k: n for k, n in classes.items() if k not in CONTAINERS})
    )
    words = Counter(word_of(scope.path) for scope in inmost)
    yield from _common(words)


def _common(words: Counter[str]) -> Iterator[str]:
    for word, times in words.most_common(1):
        name = camel(word)
        if 2 * times > words.total() and len(name) > 2:
            yield name


def word_of(path: str) -> str:
    """Return the last word of a path, of one if it is one of several: ``a.layers.3`` -> layer."""
    parts = [part for part in path.split(".") if not part.isdigit()]
    word = re.sub(r"[_\d]+\Z", "", parts[-1]) if parts else ""
    is_one = path.rpartition(".")[2].isdigit()
    return singular(word) if is_one else word


def _by_content(windows: Sequence[Window], chosen: Mapping[str, str]) -> str:
    """Return a name after what windows do."""
    window = windows[0]
    words = [*_words(window.statements)]
    major = [word for word in words if word not in MINOR]
    if "Attention" in major:
        is_layer = major.count("Linear") > 3
        return "TransformerLayer" if is_layer else "Attention"
    kinds = [*dict.fromkeys(major)]
    if kinds[:1] == ["Pool"] and "Sigmoid" in kinds and words[-1] == "Scale":
        return "SqueezeExcite"
    if "Conv" not in kinds and major.count("Linear") > 1 and len(kinds) > 1:
        return "Mlp"
    inner = [chosen[w.block] for w in _windows(window.statements) if w.block in chosen]
    minor = [word for word in dict.fromkeys(words) if word in MINOR]
    return (
        "".join(kinds[:3])
        or "".join([*dict.fromkeys(inner)][:1])
        or _part(windows)
        or "".join(_operators(window.statements)[:2])
        or "".join(minor[:2])
        or FALLBACK
    )


def _part(windows: Sequence[Window]) -> str:
    """Return a name for some elementwise calls of a module: ``AttentionPart``."""
    words = {word_of(_node_scope(window)) for window in windows}
    name = camel(words.pop()) if len(words) == 1 else ""
    return f"{name}Part" if len(name) > 2 else ""


def _node_scope(window: Window) -> str:
    """Return the module that the nodes of a window belong to by their names, dotted."""
    labels = [s.nodes[0] for s in window.statements if s.nodes]
    shared = os.path.commonprefix([label.rpartition(": ")[0] for label in labels])
    modules = path_of_window(window)[-1:]
    inmost = modules[0].path if modules else ""
    return shared.rpartition("/")[0].strip("/").replace("/", ".") or inmost


def content_of(statements: Sequence[Statement]) -> list[str]:
    """Return words for what statements compute, else for the block that they call, if known."""
    words = [*_words(statements)]
    kinds = dict.fromkeys(word for word in words if word not in MINOR)
    applied = (s.operation for s in statements)
    called = Counter(a.block for a in applied if isinstance(a, Apply))
    block = [plural(name) if n > 1 else name for name, n in called.most_common(1)]
    minor = dict.fromkeys(word for word in words if word in MINOR)
    ways = ([*kinds][:3], block, _operators(statements)[:2], [*minor][:2])
    return next(filter(None, ways), [])


def _operators(statements: Sequence[Statement]) -> list[str]:
    """Return the operators of nodes that are no matter of course, each once."""
    labels = (s.nodes[0] for s in statements if s.nodes)
    found = (label.rpartition(": ")[2].rpartition(".")[2] for label in labels)
    return [camel(o) for o in dict.fromkeys(found) if o not in PLAIN]


def _words(statements: Sequence[Statement]) -> Iterator[str]:
    for statement in statements:
        operation = statement.operation
        if isinstance(operation, Window):
            yield from _words(operation.statements)
        elif isinstance(operation, Call) and not isinstance(operation.function, Chosen):
            path = path_of(operation.function).rpartition(".")[2]
            yield from (word for pattern, word in WORDS if re.search(pattern, path))
            yield from ("Add" for name in operation.kwargs if name == "plus")
        for body in bodies_of(operation):
            yield from _words(body.statements)


def _windows(statements: Sequence[Statement]) -> Iterator[Window]:
    for statement in statements:
        operation = statement.operation
        if isinstance(operation, Window):
            yield operation
            yield from _windows(operation.statements)
        for body in bodies_of(operation):
            yield from _windows(body.statements)


def _renamed(
    statements: Sequence[Statement], names: Mapping[str, str]
) -> Iterator[Statement]:
    for statement in statements:
        operation = statement.operation
        if isinstance(operation, Window):
            inside = tuple(_renamed(operation.statements, names))
            operation = replace(
                operation, block=names[operation.block], statements=inside
            )
            statement = replace(statement, operation=operation)
        elif bodies_of(operation):
            same = mapped(
                operation,
                lambda a: a,
                lambda n: n,
                lambda inside: _renamed(inside, names),
            )
            statement = replace(statement, operation=same)
        yield statement
