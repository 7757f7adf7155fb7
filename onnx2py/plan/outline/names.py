"""Words of a model as names of classes and attributes: nothing but short identifiers."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable
from itertools import count

from ...emit.names import RESERVED

LONGEST = 40
"""Characters of a name."""
TAKEN = RESERVED | {
    "annotated", "array", "callable", "file", "inputs", "iterator", "literal", "math", "model",
    "named_tuple", "nd_array", "ndarray", "numpy", "optional", "outputs", "path", "protocol",
    "sequence", "tensor_spec", "union",
}  # fmt: skip
"""What a package calls something else, in snake case."""


def snake(text: str) -> str:
    """Return a name in snake case, "" if there is none: ``GPT2Block`` -> gpt2_block."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", text[:200])
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", words)
    name = re.sub(r"__+", "_", words).strip("_").lower()
    name = re.sub(r"\A[0-9_]+", "", name)[:LONGEST].strip("_")
    return f"{name}_" if name in TAKEN else name


def camel(text: str) -> str:
    """Return a name for a class, "" if nothing of it can be one: ``bert_layer`` -> BertLayer."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", text[:200]) if word]
    name = "".join(word[0].upper() + word[1:] for word in words)
    name = re.sub(r"\A[0-9]+", "", name)[:LONGEST]
    name = name[:1].upper() + name[1:]
    is_taken = snake(name) in {f"{word}_" for word in TAKEN} or name in dir(builtins)
    return f"{name}Block" if is_taken else name


def singular(word: str) -> str:
    """Return the name of one of several: ``layers`` -> layer."""
    if len(word) > 3 and word.endswith("s") and not re.search(r"(ss|us|is|as)\Z", word):
        return word[:-1]
    return word


def plural(word: str) -> str:
    """Return the name of several: ``block`` -> blocks; ``layer1`` stays."""
    if word.endswith("s") or not word[-1:].isalpha():
        return word
    if re.search(r"([^aeiou]y)\Z", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(x|z|ch|sh)\Z", word) else f"{word}s"


class Names:
    """Names in one class, each once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = {*taken}

    def new(self, *wishes: str) -> str:
        """Return the first name that nothing has, or the last with a number."""
        named = [wish for wish in wishes if wish]
        for wish in named:
            if wish not in self.taken:
                break
        else:
            stem = named[-1].rstrip("_")
            joint = "" if stem[:1].isupper() and stem[-1:].isalpha() else "_"
            numbered = (f"{stem}{joint}{i}" for i in count(2))
            wish = next(name for name in numbered if name not in self.taken)
        self.taken.add(wish)
        return wish
