"""Models that are larger than memory: peaks of processes, and open files."""

from __future__ import annotations

import importlib
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from benchmarks import big
from onnx2py import compile_model

WEIGHTS = 320  # megabytes; what may come on top of what Python needs is far less
MARGIN = 96

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(),
    reason="only Linux says how much memory was resident",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("big")
    big.make(found / "big.onnx", WEIGHTS)
    return found


def imported(folder: Path, name: str):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        return importlib.import_module(name)


def peak(code: str, folder: Path) -> float:
    names = {"model": folder / "big.onnx", "package": folder / "big", "folder": folder}
    return big.measured(code.format(**{k: str(v) for k, v in names.items()}))[1]


def test_weights_pass_through_memory_in_pieces(folder):
    assert peak(big.COMPILE, folder) < peak("import onnx2py", folder) + MARGIN
    assert (folder / "big" / "weights" / "table.npy").stat().st_size > 100 << 20

    nothing = peak("import numpy", folder)
    assert peak(big.START, folder) < nothing + 16
    assert peak(big.LOOK_UP, folder) < nothing + 16
    assert (
        peak(big.CALL, folder) > nothing + WEIGHTS / 2
    )  # so the figures say something

    feeds = {"ids": np.array([3, 1, 3]), "deep": np.array(True)}
    session = onnxruntime.InferenceSession(folder / "big.onnx")
    (expected,) = session.run(None, feeds)
    found = imported(folder, "big").Model()(**feeds)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_what_is_folded_is_kept_in_files(folder):
    """Transposed weights are new arrays, as large as the old."""
    model = onnx.load(folder / "big.onnx", load_external_data=False)
    layers = [
        t.name for t in model.graph.initializer if t.name not in ("table", "layer0")
    ]
    transposed = [
        helper.make_node("Transpose", [name], [f"{name}T"], perm=[1, 0])
        for name in layers
    ]
    nodes = [*transposed, *model.graph.node]
    deep = next(
        a.g
        for n in nodes
        if n.op_type == "If"
        for a in n.attribute
        if len(a.g.node) > 1
    )
    for node in deep.node:
        if node.input[-1] in layers:
            node.input[-1] += "T"
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, folder / "turned.onnx")

    code = big.COMPILE.replace("{model!r}", repr(str(folder / "turned.onnx")))
    code = code.replace("{package!r}", repr(str(folder / "turned")))
    held = (
        2 * 64
    )  # rounds of folding may hold so much, each; what is being folded comes on top
    assert (
        peak(code, folder) < peak("import onnx2py", folder) + MARGIN + held
    ), "folded weights stayed in memory"
    weight = np.load(folder / "turned" / "weights" / "layer1t.npy", mmap_mode="r")
    with (folder / "big.bin").open("rb") as stream:
        tensor = next(t for t in model.graph.initializer if t.name == "layer1")
        entries = {entry.key: entry.value for entry in tensor.external_data}
        stream.seek(int(entries["offset"]))
        row = np.frombuffer(stream.read(4 * big.WIDTH), "<f4")
    np.testing.assert_array_equal(weight[:, 0], row)


MANY = 400


def test_many_tensors_need_few_open_files(tmp_path):
    """Some exporters put every tensor outside, and some give each a file of its own."""
    nodes, tensors, value = [], [], "x"
    shared = tmp_path / "shared.bin"
    shared.write_bytes(np.ones(MANY * (1 << 10), np.float32).tobytes())
    for i in range(MANY):
        tensor = TensorProto(name=f"w{i}", dims=[256], data_type=TensorProto.FLOAT)
        tensor.data_location = TensorProto.EXTERNAL
        place, offset = ("shared.bin", i << 12) if i % 2 else (f"w{i}.bin", 0)
        if not i % 2:
            (tmp_path / place).write_bytes(np.full(256, 2, np.float32).tobytes())
        for key, entry in (("location", place), ("offset", offset)):
            tensor.external_data.add(key=key, value=str(entry))
        tensors.append(tensor)
        nodes.append(helper.make_node("Add", [value, f"w{i}"], [f"y{i}"]))
        value = f"y{i}"
    graph = helper.make_graph(
        nodes,
        "many",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [256])],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, [256])],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, tmp_path / "many.onnx")
    subprocess.run(
        [sys.executable, "-m", "onnx2py", "many.onnx", "-o", "many", "-q"],
        cwd=tmp_path,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    )
    found = imported(tmp_path, "many").Model()(np.zeros(256, np.float32))
    np.testing.assert_array_equal(found, np.full(256, MANY // 2 * 3, np.float32))


def test_a_file_that_is_mapped_and_unusual_types(tmp_path):
    """4-bit numbers share bytes; a folder is kept in mind when the model is not."""
    data = np.arange(256, dtype=np.uint8).tobytes() * 1024
    (tmp_path / "w.bin").write_bytes(data)
    tensor = TensorProto(name="w", dims=[512], data_type=TensorProto.UINT4)
    tensor.data_location = TensorProto.EXTERNAL
    for key, entry in (("location", "w.bin"), ("offset", 256), ("length", 256)):
        tensor.external_data.add(key=key, value=str(entry))
    graph = helper.make_graph(
        [helper.make_node("Cast", ["w"], ["y"], to=TensorProto.INT32)],
        "packed",
        [],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [512])],
        [tensor],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    onnx.save(model, tmp_path / "packed.onnx")
    compile_model(tmp_path / "packed.onnx", tmp_path / "packed")
    expected = [nibble for byte in range(256) for nibble in (byte & 15, byte >> 4)]
    assert imported(tmp_path, "packed").Model()().tolist() == expected
