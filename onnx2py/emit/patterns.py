"""Names that differ from one use of a block to the next, as one text with ``{i}``.

P1  Numbers that lie on a line -> a formula of ``i``, the number of the use from 0.
P2  Other numbers -> a list of them: ``node_Conv_{755,764,771}``; several in one name are listed
    together, with what is between them: ``layer{1.1,2.1,2.2}.conv``.
P3  Names whose words differ -> a list for each kind of words.

Nothing is lost: a list names all of them, up to a limit, from where on the first and the last
stand for the others, whose names are in the list of all values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MOST = 24
"""Longer lists are cut to their first and last elements."""
SCOPES, WORDS = "/.: ", "/.: _"
"""Where names may be cut: between scopes, or words too."""
MOST_KINDS = 3
"""With more kinds of names, they are one list."""


def pattern(names: Sequence[str], joints: str = SCOPES) -> str:
    """Return one text for the names of a thing in all uses of a block.

    What names share ends at a letter of ``joints``.

    >>> pattern(["layer.0/MatMul", "layer.1/MatMul"]), pattern(["a_3", "a_5", "a_7"])
    ('layer.{i}/MatMul', 'a_{2*i+3}')
    >>> pattern(["a_3", "a_4", "a_7"]), pattern(["a_3", "a_2", "a_1"])
    ('a_{3,4,7}', 'a_{3-i}')
    """
    if len(set(names)) == 1:
        return names[0]
    kinds: dict[tuple[str, ...], list[list[str]]] = {}
    for name in names:
        parts = re.split(r"(\d+)", name)
        kinds.setdefault(tuple(parts[::2]), []).append(parts[1::2])
    if len(kinds) <= MOST_KINDS:
        texts = [_of_kind(words, rows) for words, rows in kinds.items()]
        return _listed(texts, joints) if len(texts) > 1 else texts[0]
    return _listed([*dict.fromkeys(names)], joints)


def _of_kind(words: tuple[str, ...], rows: Sequence[Sequence[str]]) -> str:
    """Return the text for names of the same words and other numbers."""
    columns = [*zip(*rows)]
    numbers = [_number(column) for column in columns]
    listed = [place for place, number in enumerate(numbers) if number is None]
    if not listed:
        return "".join(w + (n or "") for w, n in zip(words, (*numbers, "")))
    first, last = listed[0], listed[-1]
    head = "".join(w + (n or "") for w, n in zip(words, numbers[:first]))
    tail = "".join(
        (n or "") + w for n, w in zip(numbers[last + 1 :], words[last + 2 :])
    )
    between = [
        "".join(n + w for n, w in zip(row[first:last], words[first + 1 :])) + row[last]
        for row in rows
    ]
    inside = _shortened(between)
    return f"{head}{words[first]}{{{inside}}}{words[last + 1]}{tail}"


def _number(column: Sequence[str]) -> str | None:
    """Return the number of all names, or a formula; None if there is none."""
    if len(set(column)) == 1:
        return column[0]
    start, step = int(column[0]), int(column[1]) - int(column[0])
    plain = all(text == str(int(text)) for text in column)  # no zeros in front
    if plain and all(int(text) == start + step * i for i, text in enumerate(column)):
        factor = "i" if abs(step) == 1 else f"{abs(step)}*i"
        if step < 0:
            return f"{{{start}-{factor}}}"
        return f"{{{factor}{start:+d}}}" if start else f"{{{factor}}}"
    return None


def _listed(texts: Sequence[str], joints: str) -> str:
    """Join texts in braces, between what all of them begin and end with."""
    head = len(_common(texts, joints))
    tail = len(_common([text[head:][::-1] for text in texts], joints))
    end = len(texts[0]) - tail
    inside = _shortened(text[head : len(text) - tail] for text in texts)
    return f"{texts[0][:head]}{{{inside}}}{texts[0][end:]}"


def _common(texts: Iterable[str], joints: str) -> str:
    """Return the words that all texts begin with."""
    common = ""
    for letters in zip(*texts):
        if len(set(letters)) > 1:
            break
        common += letters[0]
    return common.rstrip("".join({*common}.difference(joints)))


def _shortened(texts: Iterable[str]) -> str:
    listed = list(texts)
    if len(listed) > MOST:
        listed = [listed[0], "...", listed[-1]]
    return ",".join(listed)
