"""ONNX's inference ends the process for some models: it does not get to see those nodes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnx
import onnx.parser
import pytest

from onnx2py.decode.inference import infer

HEAD = '<ir_version: 10, opset_import: ["" : 22, "ai.onnx.ml" : 5, "no" : 1, "f" : 1]>'
LARGE = 9223372036854775807
ENCODE = "ai.onnx.ml.LabelEncoder <keys_int64s = [1], values_floats = [2.0]>"
UNTYPED = {
    "EyeLike": "EyeLike <dtype = 1> (u)",
    "RegexFullMatch": 'RegexFullMatch <pattern = "a"> (u)',
    "DictVectorizer": 'ai.onnx.ml.DictVectorizer <string_vocabulary = ["a"]> (u)',
    "LabelEncoder": f"{ENCODE} (u)",
    "an axis beyond all": f"LayerNormalization <axis = {LARGE}> (x, x)",
    "a negative count": "GatherND <batch_dims = -5> (x, i)",
}
"""Each ends the process where ``u`` has no type, if onnx's inference sees it."""


def main_graph(nodes: str) -> str:
    return f"{HEAD} g (float[n, 2] x, int64[n, 2] i) => (y) {{ {nodes} }}"


def places() -> dict[str, str]:
    found = {}
    for name, call in UNTYPED.items():
        found[name] = main_graph(f"u = no.No (x) y = {call}")
        found[f"{name}, inputs later"] = main_graph(f"y = {call} u = Cast <to = 7> (x)")
        body = f"b () => (z) {{ z = {call} }}"
        found[f"{name} in a branch"] = main_graph(
            f"u = no.No (x) c = no.No (x) y = If (c) <then_branch = {body}, else_branch = {body}>"
        )
        inside = call.replace("(x, x)", "(u, u)").replace("(x, i)", "(u, u)")
        found[f"{name} in a function"] = (
            main_graph("u = no.No (x) y = f.f (u)")
            + '\n<domain: "f", opset_import: ["" : 22, "ai.onnx.ml" : 5]>'
            + f" f (u) => (z) {{ z = {inside} }}"
        )
    found["an axis that is passed"] = (
        main_graph(f"y = f.f <a = {LARGE}> (x)")
        + '\n<domain: "f", opset_import: ["" : 22]> f <a> (u) => (z)'
        " { z = LayerNormalization <axis : int = @a> (u, u) }"
    )
    return found


def test_every_model_ends_with_one_message(tmp_path: Path):
    names = []
    for number, (name, text) in enumerate(places().items()):
        onnx.save(onnx.parser.parse_model(text), tmp_path / f"{number}.onnx")
        names.append(name)
    code = (
        "import onnx2py\n"
        f"for number in range({len(names)}):\n"
        "    try: onnx2py.compile_model(f'{number}.onnx', f'p{number}', layout=False)\n"
        "    except onnx2py.Onnx2pyError as error: assert str(error)\n"
        "    print(number, flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    count = len(done.stdout.split())
    assert done.returncode == 0, (names[count : count + 1], done.stderr[-500:])
    assert count == len(names)


@pytest.mark.parametrize("depth", [1, 3])
def test_types_are_found_where_they_are_known(depth):
    encode = "ai.onnx.ml.LabelEncoder <keys_int64s = [1], values_int64s = [2]>"
    nodes = "".join(f" v{i + 1} = {encode} (v{i})" for i in range(depth))
    text = f"{HEAD} g (int64[n, 2] v0) => (y) {{ {nodes} y = {ENCODE} (v{depth}) }}"
    inferred, faults = infer(onnx.parser.parse_model(text))
    assert not faults
    kind = inferred.graph.output[0].type.tensor_type
    assert kind.elem_type == onnx.TensorProto.FLOAT
    assert [dim.dim_param or dim.dim_value for dim in kind.shape.dim] == ["n", 2]
    assert {node.domain for node in inferred.graph.node} == {"ai.onnx.ml"}
