"""The time that verifying may take, and the parts in which calls are compared."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import numpy_helper

from onnx2py import verify
from onnx2py.cli import main
from onnx2py.errors import VerifyError
from onnx2py.verification import parts
from onnx2py.verification.deadline import TimeUp, in_time, seconds_left, time_limit
from onnx2py.verification.oracle import OnnxRuntime
from onnx2py.verification.parts import Parts, groups

ENDLESS = """<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y)
    <int64 n = {4000000000}> {
    y = Loop (n, , x) <body = b (int64 i, bool c, float[2] s) => (bool d, float[2] t)
    { d = Identity (c) t = Sin (s) }> }"""

CHAIN = """<ir_version: 8, opset_import: ["" : 17]> g (float[2, 512] x, bool c)
    => (float[2, 512] y, float[2, 512] z) {
    a = Sin (x) b, d = Split (a) e = Concat <axis = 0> (b, d) f = Mul (e, w)
    y = If (c) <then_branch = t () => (float[2, 512] u) { u = Exp (f) },
    else_branch = v () => (float[2, 512] u) { u = Neg (a) }> z = Add (f, y) }"""


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_onnxruntime_is_waited_for_as_long_as_there_is_time(here, capsys):
    onnx.save(onnx.parser.parse_model(ENDLESS), "net.onnx")
    start = time.monotonic()
    command = ["net.onnx", "-o", "net", "--verify", "--time-limit", "2"]
    assert main(command) == 1
    assert time.monotonic() - start < 60
    err = capsys.readouterr().err
    assert "expected to be done in 2 seconds, got no result; --time-limit allows" in err


def test_a_difference_that_is_not_explained_in_time_is_one(here, capsys, monkeypatch):
    def late(*_: object) -> None:
        raise TimeUp("verify: time is up")

    monkeypatch.setattr(verify, "weighed", late)
    text = ENDLESS.replace("4000000000", "3")
    onnx.save(onnx.parser.parse_model(text), "net.onnx")
    assert main(["net.onnx", "-o", "net"]) == 0
    path = Path("net/model.py")
    path.write_text(path.read_text().replace("np.sin(", "np.cos("))
    assert main(["verify", "net", "net.onnx"]) == 3
    out = capsys.readouterr().out
    assert "time was up before it was known whether rounding explains it" in out


def test_no_time_is_left_after_the_end():
    assert seconds_left() is None
    stopped = threading.Event()
    with time_limit(0.05), pytest.raises(TimeUp, match="done in 0.05 seconds"):
        in_time(lambda: time.sleep(5), stopped.set)
    assert stopped.is_set()
    with time_limit(60):
        assert 0 < (seconds_left() or 0) <= 60
        assert in_time(lambda: 7, stopped.set) == 7
        with pytest.raises(KeyError):
            in_time(lambda: {}["x"], stopped.set)
    assert issubclass(TimeUp, VerifyError)


def test_a_part_computes_what_the_model_does(monkeypatch):
    """Values that are not given are computed from those that are, those of bodies included."""
    model = onnx.parser.parse_model(CHAIN)
    w = np.linspace(-1, 1, 1024, dtype=np.float32).reshape(2, 512)
    model.graph.initializer.append(numpy_helper.from_array(w, "w"))
    feeds = {"x": w[::-1].copy(), "c": np.array(False)}
    names = ["a", "b", "d", "e", "f", "y", "z"]
    proto = onnx.ModelProto.FromString(model.SerializeToString())
    proto.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names[:5])
    values = dict(zip(names, OnnxRuntime(proto, names).run(feeds)))
    given = {k: v for k, v in values.items() if k not in ("e", "f")}
    cut = Parts(model, given)
    assert cut.made == ["a", "b", "d", "y", "z"]
    monkeypatch.setattr(parts, "PART_BYTES", 5000)
    found = list(groups(cut.made, given))
    assert found == [["a"], ["b", "d"], ["y"], ["z"]]
    for targets in found:
        part = cut.part(targets)
        read = {v.name: {**feeds, **given}[v.name] for v in part.graph.input}
        computed = OnnxRuntime(part, [f"{t};computed" for t in targets]).run(read)
        for target, value in zip(targets, computed):
            np.testing.assert_array_equal(value, values[target])
    assert {v.name for v in cut.part(["z"]).graph.input} == {"b", "d", "y"}
