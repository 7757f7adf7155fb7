"""The order of nodes: each after those that it reads from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from ..errors import DecodeError
from .graph import Node


def sorted_nodes(nodes: list[Node]) -> tuple[Node, ...]:
    """Sort nodes so that each comes after those it reads from; keep the order where it is one."""
    producer = {
        name: i for i, node in enumerate(nodes) for name in node.outputs if name
    }
    needs = [
        {producer[name] for name in _reads(node) if name in producer} for node in nodes
    ]
    try:
        return tuple(nodes[i] for i in order_of(needs))
    except CycleError as error:
        raise DecodeError(
            f"node {nodes[error.number].label}: expected no cycle, but it depends on its own "
            "output"
        ) from None


class CycleError(ValueError):
    """There is no order: the item of that number needs itself."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def order_of(needs: Sequence[Set[int]]) -> list[int]:
    """Return the numbers of items so that each comes after those that it needs.

    Raises
    ------
    CycleError
        If there is no such order.
    """
    if all(max(need, default=-1) < i for i, need in enumerate(needs)):
        return list(range(len(needs)))
    order: list[int] = []
    state = [0] * len(needs)  # 0 unseen, 1 on the stack, 2 done
    for root in range(len(needs)):
        stack = [root]
        while stack:
            i = stack[-1]
            if state[i] == 2:
                stack.pop()
                continue
            state[i] = 1
            waiting = [j for j in sorted(needs[i]) if state[j] != 2]
            if any(state[j] == 1 for j in waiting):
                raise CycleError(i)
            if waiting:
                stack.extend(reversed(waiting))
                # a node pushed twice is met again as done
            else:
                state[i] = 2
                order.append(i)
                stack.pop()
    return order


def _reads(node: Node) -> Iterator[str]:
    yield from node.inputs
    for subgraph in node.subgraphs.values():
        yield from subgraph.captures()
