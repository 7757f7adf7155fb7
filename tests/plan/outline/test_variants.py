"""Rule V1: blocks of one class of the network that differ by a call."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx2py.ir.program import Program, Repeat
from onnx2py.plan.gather import gather
from onnx2py.plan.in_place import write_in_place
from onnx2py.plan.release import free_values
from tests.plan.outline.support import outlined, parsed

WEIGHT = ", ".join(str(n % 5 - 2) for n in range(64))
BIAS = ", ".join(map(str, range(8)))


def network(
    shortcuts: str,
    *,
    class_name: str = "Bottleneck",
    own: str = "x{i}",
    otherwise: str = "x{i}",
    joined: str = "np.add(d{i}, {x})",
) -> Program:
    """Return residual blocks, one for each letter: ``1`` has a convolution in its shortcut.

    ``own`` is what that convolution reads, ``joined`` what reads its result or ``otherwise``.
    """
    weights, calls = [], []
    for i, letter in enumerate(shortcuts):
        for name in ("u", "v", "w"):
            weights.append(f"  {name}{i}: float32[8, 8] = {{{WEIGHT}}}\n")
            weights.append(f"  {name}{i}b: float32[8] = {{{BIAS}}}\n")
        x = f"s{i}" if letter == "1" else otherwise.format(i=i)
        lines = [
            f"a{i}: float32[1, 8, n, n] = ops.conv_pointwise(x{i}, u{i}, u{i}b)",
            f"b{i}: float32[1, 8, n, n] = ops.relu(a{i})",
            f"c{i}: float32[1, 8, n, n] = ops.conv_pointwise(b{i}, v{i}, v{i}b)",
            f"d{i}: float32[1, 8, n, n] = np.tanh(c{i})",
        ]
        if letter == "1":
            lines.append(
                f"s{i}: float32[1, 8, n, n] = "
                f"ops.conv_pointwise({own.format(i=i)}, w{i}, w{i}b)"
            )
        lines.append(f"e{i}: float32[1, 8, n, n] = {joined.format(i=i, x=x)}")
        lines.append(f"x{i + 1}: float32[1, 8, n, n] = ops.relu(e{i})")
        kind = class_name if letter != "1" else "Bottleneck"
        scopes = f"; scopes `net:Net`, `net.layers.{i}:{kind}`"
        calls += [f"  {line}{scopes}  # l{i}: Op\n" for line in lines]
    return parsed(
        "g (x0: float32[1, 8, n, n]) => (y: float32[1, 8, n, n])\n"
        f"{''.join(weights)}calls\n{''.join(calls)}"
        f"  y: float32[1, 8, n, n] = np.exp(x{len(shortcuts)}); "
        "scopes `net:Net`, `net.head:Head`  # y: Exp\n"
    )


def blocks(program: Program) -> list[str]:
    """Return the names of the blocks that a program is outlined with."""
    outline = outlined(program).outline
    return [] if outline is None else [*outline.blocks]


@pytest.mark.parametrize("shortcuts", ["101001", "010110", "11110000", "0000111"])
def test_a_call_that_some_modules_have_is_optional(shortcuts):
    made = outlined(network(shortcuts)).outline
    assert made is not None and [*made.blocks] == ["Bottleneck"]
    (block,) = made.blocks.values()
    assert isinstance(made.statements[0].operation, Repeat)
    assert [not a.absent for a in block.applications] == [c == "1" for c in shortcuts]
    (name,) = {name for a in block.applications for name in a.absent}
    passed = [a.values[name] for a in block.applications]
    assert passed == [f"s{i}" if c == "1" else f"x{i}" for i, c in enumerate(shortcuts)]


def test_modules_of_other_classes_stay_blocks_of_their_own():
    assert len(blocks(network("11110000", class_name="Basic"))) == 2


def test_a_call_of_another_value_is_not_optional():
    """The shortcut of the one reads what the first convolution made, of the other the input."""
    assert len(blocks(network("10101010", own="b{i}"))) == 2
    assert len(blocks(network("10101010", own="b{i}", otherwise="b{i}"))) == 1


def test_results_that_two_calls_read_are_not_optional():
    twice = "np.add({x}, {x})"
    assert len(blocks(network("10101010", joined=twice))) == 2


@settings(max_examples=40, deadline=None)
@given(st.text("01", min_size=4, max_size=9), st.sampled_from("xabc"), st.booleans())
def test_outlines_at_random_stand_for_the_same_statements(shortcuts, read, first):
    """``outlined`` compares them, and checks what is freed and written over."""
    joined = "np.add({x}, d{i})" if first else "np.add(d{i}, {x})"
    own = f"{read}{{i}}"
    program = network(shortcuts, own=own, otherwise=own, joined=joined)
    outlined(write_in_place(free_values(gather(program))))
