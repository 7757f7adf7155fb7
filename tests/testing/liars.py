"""Engines that are right but for one thing, each a lie that the kit must catch."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

Feeds = Mapping[str, Any]
LIBC = ctypes.CDLL(None)


class Honest:
    """Computes with onnx's ReferenceEvaluator."""

    def prepare(self, model: onnx.ModelProto) -> Any:
        evaluator = ReferenceEvaluator(model)
        self.calls, self.kept = 0, None

        def run(feeds: Feeds) -> Any:
            self.calls += 1
            return self.lie(feeds, evaluator.run(None, dict(feeds)))

        return run

    def lie(self, feeds: Feeds, outputs: list[Any]) -> Any:
        return outputs


class WrongDtype(Honest):
    def lie(self, feeds, outputs):
        return [output.astype(np.float64) for output in outputs]


class WrongShape(Honest):
    def lie(self, feeds, outputs):
        return [output[None] for output in outputs]


class OneNaN(Honest):
    def lie(self, feeds, outputs):
        outputs[0].flat[0] = np.nan
        return outputs


class OneMore(Honest):
    def lie(self, feeds, outputs):
        return [*outputs, outputs[0]]


class NoList(Honest):
    def lie(self, feeds, outputs):
        return outputs[0]


class Prints(Honest):
    def lie(self, feeds, outputs):
        print("hello")
        return outputs


class PrintsFromC(Honest):
    def lie(self, feeds, outputs):
        LIBC.printf(b"hello from C\n")
        return outputs


class WritesToInputs(Honest):
    def lie(self, feeds, outputs):
        for value in feeds.values():
            if value.flags.writeable:
                value.flat[0] = 7
        return outputs


class KeepsState(Honest):
    def lie(self, feeds, outputs):
        return [output + np.float32(self.calls > 1) for output in outputs]


class ReusesItsBuffer(Honest):
    """The second call overwrites what the first returned, with the same numbers negated."""

    def lie(self, feeds, outputs):
        if self.kept is None:
            self.kept = outputs[0]
            return [self.kept]
        fresh = self.kept.copy()
        np.negative(self.kept, out=self.kept)
        return [fresh]


class MindsReadOnly(Honest):
    def lie(self, feeds, outputs):
        locked = any(not value.flags.writeable for value in feeds.values())
        return [output * np.float32(1 + locked) for output in outputs]


class RefusesToRun(Honest):
    def lie(self, feeds, outputs):
        raise ValueError("no, not today")


class Hangs(Honest):
    def lie(self, feeds, outputs):
        time.sleep(1000)


class EndsTheProcess(Honest):
    def lie(self, feeds, outputs):
        os._exit(7)


class Segfaults(Honest):
    def lie(self, feeds, outputs):
        ctypes.string_at(0)


class EatsMemory(Honest):
    def lie(self, feeds, outputs):
        eaten = [bytearray(1 << 28) for _ in range(64)]
        return outputs if eaten else []


class AddsOne(Honest):
    """Its sums are off by one, wherever they are seen."""

    def prepare(self, model: onnx.ModelProto) -> Any:
        changed = onnx.ModelProto()
        changed.CopyFrom(model)
        sums = [node for node in changed.graph.node if node.op_type == "Add"]
        one = onnx.numpy_helper.from_array(np.ones(1, np.float32), "one more")
        changed.graph.initializer.append(one)
        nodes = list(changed.graph.node)
        for node in sums:
            (name,), node.output[0] = node.output, f"{node.output[0]} less"
            more = onnx.helper.make_node("Add", [node.output[0], "one more"], [name])
            nodes.insert(nodes.index(node) + 1, more)
        del changed.graph.node[:]
        changed.graph.node.extend(nodes)
        return super().prepare(changed)
