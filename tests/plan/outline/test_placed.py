"""Rule G10: objects of targets that have a module tree are modules of it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx2py.ir.program import (
    Apply,
    Call,
    Program,
    Repeat,
    Statement,
    bodies_of,
    references,
    walk,
)
from onnx2py.plan.outline.tree import Placing
from tests.plan.outline.support import outlined, parsed


def leaves(statement: Statement) -> tuple[str, ...]:
    """Return the places of weights: their names, if they have a dot."""
    names = references(statement.operation)
    return tuple(dict.fromkeys(name for name in names if "." in name))


def module(statement: Statement) -> str:
    return statement.scopes[-1].path if statement.scopes else ""


PLACING = Placing(leaves, module)


class Writer:
    """Writes programs of layers whose weights are called as their places in a tree."""

    def __init__(self, scopes: bool = False) -> None:
        self.weights: dict[str, None] = {}
        self.lines: list[str] = []
        self.scopes = scopes
        self.last, self.count = "x", 0

    def call(self, function: str, *args: str, module: str = "") -> str:
        self.count += 1
        self.last = f"v{self.count}"
        scopes = f"; scopes `{module}:Part`" if self.scopes and module else ""
        given = ", ".join(args)
        self.lines.append(f"  {self.last} = {function}({given}){scopes}  # n: Op\n")
        return self.last

    def product(self, module: str, x: str = "") -> str:
        """Multiply by the weight of a layer of a module."""
        name = f"`{module}.weight`"
        self.weights[name] = None
        around = module.rpartition(".")[0]
        return self.call("np.matmul", x or self.last, name, module=around)

    def layer(self, module: str, power: int = 2) -> str:
        """Write two products with what is around them, the sum with the input last."""
        x = self.last
        self.product(f"{module}.fc1")
        self.call("ops.relu", self.last, module=module)
        self.call("np.power", self.last, str(power), module=module)
        self.product(f"{module}.fc2")
        self.call("np.sqrt", self.last, module=module)
        return self.call("np.add", self.last, x, module=module)

    def program(self) -> Program:
        ones = ", ".join(["1"] * 16)
        return parsed(
            "g (x: float32[4, 4]) => (y: float32[4, 4])\n"
            + "".join(
                f"  {name}: float32[4, 4] = {{{ones}}}\n" for name in self.weights
            )
            + "calls\n"
            + "".join(self.lines)
            + f"  y: float32[4, 4] = np.exp({self.last})  # n: Op\n"
        )


def instances(program: Program) -> dict[str, list[str]]:
    """Return the paths of the instances of each block."""
    outline = outlined(program, PLACING).outline
    assert outline is not None
    return {name: [i.path for i in b.instances] for name, b in outline.blocks.items()}


def paths(program: Program) -> list[str]:
    return [path for each in instances(program).values() for path in each]


def calls(statements: Iterable[Statement]) -> list[tuple[str, ...]]:
    """Return the attributes of each call and of each loop."""
    found: list[tuple[str, ...]] = []
    for statement in walk(statements):
        operation = statement.operation
        if isinstance(operation, Apply):
            found.append((operation.attribute,))
        elif isinstance(operation, Repeat):
            found.append(operation.attributes)
    return found


@pytest.mark.parametrize("scopes", [False, True])
def test_objects_are_modules(scopes: bool) -> None:
    writer = Writer(scopes)
    writer.product("net.stem")
    for i in range(4):
        writer.layer(f"net.layers.{i}", power=i)
    program = writer.program()
    outline = outlined(program, PLACING).outline
    assert outline is not None
    (block,) = outline.blocks.values()
    assert block.name == ("Part" if scopes else "Layer")
    assert [i.path for i in block.instances] == [f"net.layers.{i}" for i in range(4)]
    assert len(block.statements) == 6
    assert (len(block.inputs), len(block.outputs)) == (1, 1)
    assert calls(outline.statements) == [tuple(f"net.layers.{i}" for i in range(4))]


def test_what_each_layer_begins_with_in_the_model_is_no_part_of_it() -> None:
    writer = Writer()
    for i in range(4):
        writer.product("shared.norm")
        writer.layer(f"layers.{i}")
    assert paths(writer.program()) == [f"layers.{i}" for i in range(4)]


def test_two_layers_are_no_object() -> None:
    writer = Writer(scopes=True)
    for i in range(6):
        writer.layer(f"layers.{i}")
        writer.call("np.cos" if i % 2 else "np.sin", writer.last, module=f"layers.{i}")
    found = instances(writer.program())
    assert sorted(path for each in found.values() for path in each) == [
        f"layers.{i}" for i in range(6)
    ]
    assert len(found) == 2


def test_a_module_that_others_read_is_none() -> None:
    writer = Writer()
    for i in range(4):
        writer.layer(f"layers.{i}")
    writer.product("layers.1.fc1")
    assert paths(writer.program()) == ["layers.0", "layers.2", "layers.3"]


def test_parts_of_lists_are_no_objects() -> None:
    writer = Writer()
    for i in range(4):
        x = writer.last
        for part in range(4):
            writer.product(f"layers.{i}.{part}")
            writer.call("ops.relu", writer.last)
        writer.call("np.add", writer.last, x)
    assert paths(writer.program()) == []


def test_a_module_around_a_list_is_an_object() -> None:
    writer = Writer()
    for i in range(4):
        for part in range(4):
            writer.product(f"layers.{i}.parts.{part}")
            writer.call("ops.relu", writer.last)
    assert paths(writer.program()) == [f"layers.{i}" for i in range(4)]


def test_a_module_that_is_called_again_is_one_object() -> None:
    writer = Writer()
    for i in range(6):
        writer.layer(f"layers.{i // 2}")
    outline = outlined(writer.program(), PLACING).outline
    assert outline is not None
    (block,) = outline.blocks.values()
    assert [i.path for i in block.instances] == [f"layers.{i}" for i in range(3)]
    assert [a.instance for a in block.applications] == [0, 0, 1, 1, 2, 2]
    assert calls(outline.statements) == [(f"layers.{i}",) * 2 for i in range(3)]


def test_calls_of_one_module_that_differ_are_no_calls_of_an_object() -> None:
    writer = Writer()
    for i in range(4):
        writer.layer(f"layers.{i}")
    writer.layer("layers.1", power=3)
    assert paths(writer.program()) == ["layers.0", "layers.2", "layers.3"]


def test_objects_in_objects() -> None:
    writer = Writer()
    for i in range(3):
        for name in ("first", "second"):
            writer.layer(f"net.blocks.{i}.{name}")
            writer.product(f"net.blocks.{i}.{name}_norm")
    for i in range(2):
        writer.layer(f"net.others.{i}")
        writer.call("np.cos", writer.last)
    program = writer.program()
    outline = outlined(program, PLACING).outline
    assert outline is not None
    inner, outer = outline.blocks.values()
    assert len(inner.instances) == 8
    assert [i.path for i in outer.instances] == [f"net.blocks.{i}" for i in range(3)]
    assert calls(outer.statements) == [("first",), ("second",)]
    assert calls(outline.statements) == [
        tuple(f"net.blocks.{i}" for i in range(3)),
        ("net.others.0",),
        ("net.others.1",),
    ]


def test_what_stands_around_layers_may_differ() -> None:
    writer = Writer(scopes=True)
    made = [writer.call("np.sin", "x")]
    for i in range(6):
        joined = f"({', '.join(made)},)" if i else made[0]
        first = "np.concatenate" if i else "np.cos"
        writer.call(first, joined, module=f"layers.{i}")
        writer.call("np.tanh", writer.last)  # of none of them
        x = writer.last
        writer.product(f"layers.{i}.fc1", x)
        writer.call("ops.relu", writer.last, module=f"layers.{i}")
        writer.call("np.power", writer.last, "2", module=f"layers.{i}")
        writer.product(f"layers.{i}.fc2")
        made.append(writer.last)
    outline = outlined(writer.program(), PLACING).outline
    assert outline is not None
    (block,) = outline.blocks.values()
    assert [i.path for i in block.instances] == [f"layers.{i}" for i in range(6)]
    assert len(block.statements) == 4


def test_a_module_is_not_found_twice_in_one_place() -> None:
    """What is left of a module without its first call is the list in it."""
    writer = Writer(scopes=True)
    writer.call("np.sin", "x", module="net.first")
    for i in range(7):
        writer.product(f"net.first.parts.{i}.conv")
        writer.call("ops.relu", writer.last, module=f"net.first.parts.{i}.act")
    for i in range(3):
        writer.layer(f"net.layers.{i}")
    assert paths(writer.program()) == [f"net.layers.{i}" for i in range(3)]


def test_loops_walk_neighbors_in_one_list() -> None:
    writer = Writer()
    for place in ("a.0", "a.1", "a.2", "b.0", "b.1", "b.3", "c.x", "c.y"):
        writer.layer(place)
    outline = outlined(writer.program(), PLACING).outline
    assert outline is not None
    assert calls(outline.statements) == [
        ("a.0", "a.1", "a.2"),
        ("b.0", "b.1"),
        ("b.3",),
        ("c.x",),
        ("c.y",),
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a.0", "a.1", "a.2", "b.x.0", "b.x.1", "b.y", "c"]),
            st.sampled_from([None, None, None, "a.1.fc2", "b.x.0.fc1", "d", "c.fc2"]),
            st.integers(1, 2),
        ),
        min_size=2,
        max_size=9,
    ),
    st.booleans(),
)
def test_random_programs(
    places: list[tuple[str, str | None, int]], scopes: bool
) -> None:
    writer = Writer(scopes)
    for place, other, power in places:
        writer.layer(place, power)
        if other:
            writer.product(other if "." in other else f"{other}.weight")
    program = writer.program()
    outline = outlined(program, PLACING).outline
    assert outline is not None
    owners = {
        instance.path: {within[w] for within in [instance.weights] for w in within}
        for block in outline.blocks.values()
        for instance in block.instances
    }
    assert len(owners) == sum(len(b.instances) for b in outline.blocks.values())
    for path, held in owners.items():
        assert path and held
        assert all(weight.startswith(f"{path}.") for weight in held)
    read = {
        name
        for statement in walk(outline.statements)
        if isinstance(statement.operation, Call) or bodies_of(statement.operation)
        for name in references(statement.operation)
    }
    for path in owners:
        assert not any(name.startswith(f"{path}.") for name in read)
