"""Calls of blocks, and loops over instances, as lines of Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..ir.blocks import Chosen
from ..ir.program import (
    Apply,
    Argument,
    Body,
    Branch,
    Call,
    Ref,
    Repeat,
    Section,
    Statement,
)
from .block_labels import common_type
from .block_loops import LoopVariables
from .block_tree import Site
from .names import snake_case
from .statements import StatementWriter


@dataclass
class Calling:
    """What is known of the blocks that a class may call."""

    sites: Mapping[int, Site]
    """The site of each statement that calls instances, by its identity."""
    classes: Mapping[str, str]
    """The class of each block."""
    names: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """The names within each block."""
    signatures: dict[str, tuple[Sequence[str], Sequence[str]]] = field(
        default_factory=dict
    )
    """The inputs and outputs of each block."""
    mains: Mapping[str, str] = field(default_factory=dict)
    """The input that each block transforms, '' if none is only that."""

    def loop_variables(
        self,
        names: dict[str, str],
        taken: dict[str, int],
        lasting: frozenset[str] = frozenset(),
    ) -> LoopVariables:
        """Return the namer of the variables of loops in one class."""
        return LoopVariables(
            names, self.names, self.signatures, self.mains, lasting, taken
        )


@dataclass
class BlockWriter(StatementWriter):
    """Writes the statements of one method, which may call instances of blocks."""

    calling: Calling = field(default_factory=lambda: Calling({}, {}))
    loops: LoopVariables | None = None

    def for_body(self) -> StatementWriter:
        """Return a writer of a method of the same class."""
        return replace(self, calls=0, texts={}, bodies=[], returned=(), held=())

    def statement(self, statement: Statement) -> Iterator[str]:
        """Yield the lines of one statement."""
        operation = statement.operation
        if isinstance(operation, Apply):
            targets = self.spelling.targets(statement.outputs)
            targets = targets.strip("(,)") if len(statement.outputs) == 1 else targets
            yield f"{targets} = {self.applied(operation, statement)}"
            yield from self.deleted(statement)
        elif isinstance(operation, Repeat):
            yield from self.repeated(operation, statement)
            yield from self.deleted(statement)
        elif isinstance(operation, Section):
            yield from super().statement(replace(statement, frees=()))
            yield from self.deleted(statement)
        elif isinstance(operation, Branch) and self.is_choice(operation):
            yield from self.choice(operation, statement)
        else:
            kept = tuple(n for n in statement.frees if self.is_own_variable(n))
            yield from super().statement(replace(statement, frees=kept))

    # ------------------------------------------------------------------ calls

    def expression(self, call: Call) -> str:
        """Spell a call, which may be of a kernel that the instance was given, or was not."""
        function = call.function
        if not isinstance(function, Chosen):
            return super().expression(call)
        called = replace(call, function="", args=(Ref(function.setting), *call.args))
        text = super().expression(called)
        if not function.is_optional:
            return text
        has, otherwise = map(self.argument, (Ref(function.setting), call.args[0]))
        return f"{text} if {has} else {otherwise}"

    def applied(self, operation: Apply, statement: Statement) -> str:
        """Return the call of an instance."""
        site = self.calling.sites[id(statement)]
        given = [self.spelling.expression(ref.name) for ref in operation.arguments]
        return self.called(site, site.text, given)

    def called(self, site: Site, instance: str, given: Sequence[str]) -> str:
        """Return the call of an instance, which is an expression or a variable."""
        return f"{instance}({', '.join(given)})"

    def variable(self, site: Site) -> str:
        """Return the name of one of the instances in a loop."""
        return _singular(site.attribute, self.calling.classes[site.block])

    def walked_too(self, site: Site) -> Sequence[tuple[str, str, str]]:
        """Return the other things that a loop walks than instances and values.

        Each is a variable, what it walks, and the argument of the call.
        """
        return ()

    def repeated(self, operation: Repeat, statement: Statement) -> Iterator[str]:
        """Yield a loop over instances."""
        assert self.loops is not None
        looped = self.loops.loops[id(statement)]
        site = self.calling.sites[id(statement)]
        spell = self.spelling.expression
        for variable, first in looped.starts:
            yield f"{variable} = {spell(first)}"
        for name, _ in looped.lists:
            yield f"{name}: list[{self.uses.typing('Any')}] = []"
        kind = self.calling.classes[operation.block]
        each = self.methods.instance(kind, self.variable(site))
        walked = [site.text]
        for _, values in looped.walked:
            items = ", ".join(map(spell, values))
            walked.append(f"({items})")
        others = self.walked_too(site)
        walked += [text for _, text, _ in others]
        names = [*(name for name, _ in looped.walked), *(name for name, _, _ in others)]
        variables = ", ".join([each, *names])
        source = walked[0] if len(walked) == 1 else f"zip({', '.join(walked)})"
        yield f"for {variables} in {source}:"
        given = [spell(value) if value else name for value, name in looped.inputs]
        given += [argument for _, _, argument in others]
        call = self.called(site, each, given)
        yield f"    {', '.join(looped.targets)} = {call}"
        for name, variable in looped.lists:
            yield f"    {name}.append({variable})"

    def deleted(self, statement: Statement) -> Iterator[str]:
        """Yield the line that releases memory after a call of blocks."""
        assigned = {self.spelling.names.get(name) for name in statement.outputs}
        frees = [
            self.spelling.names[name]
            for name in statement.frees
            if self.is_own_variable(name)
            and name not in self.held
            and self.spelling.names[name] not in assigned
        ]
        if frees:
            yield f"del {', '.join(frees)}"

    def is_own_variable(self, value: str) -> bool:
        """Whether a value has a variable: it may be an element of a list."""
        return self.loops is None or value not in self.loops.parts

    def kinds(self, statement: Statement) -> list[str]:
        """Return the types of the results, of a loop those of all rounds."""
        operation = statement.operation
        if not isinstance(operation, (Apply, Repeat)):
            return super().kinds(statement)
        count = len(operation.rounds) if isinstance(operation, Repeat) else 1
        many = len(statement.outputs) // count
        types = self.program.types
        columns = (statement.outputs[place::many] for place in range(many))
        known = ([types.get(name) for name in column if name] for column in columns)
        return [str(common_type(column) or "?") for column in known if column]

    def assigning(self, statement: Statement, lines: list[str]) -> int | None:
        """Return which line first assigns the results: in a loop, that of the call."""
        if not isinstance(statement.operation, Repeat):
            return super().assigning(statement, lines)
        starts = (n for n, line in enumerate(lines) if line.startswith("for "))
        return next((start + 1 for start in starts), None)

    # ------------------------------------------------------------------ branches

    def is_choice(self, branch: Branch) -> bool:
        """Whether both branches only call an instance of one block with the same values."""
        first, second = map(_only_call, _bodies(branch))
        return first is not None and first == second

    def choice(self, branch: Branch, statement: Statement) -> Iterator[str]:
        """Yield a call of the one instance or the other."""
        then, other = (body.statements[0] for body in _bodies(branch))
        operation = then.operation
        assert isinstance(operation, Apply)
        self.calls += bool(statement.nodes)
        sites = [self.calling.sites[id(s)] for s in (then, other)]
        one, two = (site.text for site in sites)
        chosen = self.methods.fresh(snake_case(self.calling.classes[operation.block]))
        yield f"{chosen} = {one} if {self.argument(branch.condition)} else {two}"
        given = [self.spelling.expression(ref.name) for ref in operation.arguments]
        results = dict(zip(branch.then_body.outputs, statement.outputs))
        targets = ", ".join(
            self.spelling.target(results.get(name, "")) for name in then.outputs
        )
        yield f"{targets} = {self.called(sites[0], chosen, given)}"
        yield from self.deleted(statement)


def _bodies(branch: Branch) -> tuple[Body, Body]:
    return (branch.then_body, branch.else_body)


def _only_call(
    body: Body,
) -> tuple[str, tuple[Argument, ...], tuple[int, ...]] | None:
    """Return the block that is all that a body calls, its arguments, and which results it returns.

    None if there is more in the body, or if it returns a result twice.
    """
    if len(body.statements) != 1 or len({*body.outputs}) < len(body.outputs):
        return None
    (statement,) = body.statements
    operation = statement.operation
    returned = set(body.outputs) <= set(filter(None, statement.outputs))
    if not isinstance(operation, Apply) or not returned:
        return None
    places = tuple(map(statement.outputs.index, body.outputs))
    return operation.block, operation.arguments, places


def _singular(attribute: str, name: str) -> str:
    """Return the name of one of the instances in a loop."""
    single = attribute[:-1] if attribute.endswith("s") else snake_case(name)
    return single if single != attribute else f"one_{attribute}"
