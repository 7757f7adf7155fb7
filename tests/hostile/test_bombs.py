"""Small files that ask for much: one clear error, in seconds, whatever the memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading

import onnx
import onnx.parser
import pytest
from onnx import TensorProto, helper

import onnx2py
from onnx2py.errors import LimitError
from onnx2py.memory import bounded_memory

HUGE = 2**40


def graph(text: str) -> onnx.ModelProto:
    return onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> g {text}')


def one(make: str, weights: str) -> onnx.ModelProto:
    """Return a model that adds its input to what ``make`` makes."""
    return graph(
        f"(float[1] x) => (float[a] y) <{weights}> {{ {make} y = Add (x, e) }}"
    )


K = "float[1] k = {1}"
FOUR_TERABYTES = {
    "ConstantOfShape": one("e = ConstantOfShape (s)", f"int64[1] s = {{{HUGE}}}"),
    "two lengths": one("e = ConstantOfShape (s)", f"int64[2] s = {{{2**20}, {2**20}}}"),
    "Expand": one("e = Expand (k, s)", f"{K}, int64[1] s = {{{HUGE}}}"),
    "Tile": one("e = Tile (k, s)", f"{K}, int64[1] s = {{{HUGE}}}"),
    "Range": one(
        "r = Range (z, s, o) e = Cast <to=1> (r)",
        f"int64 z = {{0}}, int64 o = {{1}}, int64 s = {{{HUGE}}}",
    ),
    "OneHot": one(
        "e = OneHot (i, d, k)",
        f"float[2] k = {{0, 1}}, int64[1] i = {{0}}, int64 d = {{{HUGE}}}",
    ),
    "Pad": one("e = Pad (k, p)", f"{K}, int64[2] p = {{0, {HUGE}}}"),
    "Resize": one(
        "e = Resize (q, , s)",
        "float[1, 1, 1, 1] q = {1}, float[4] s = {1, 1, 1000000, 1000000}",
    ),
    "EyeLike": one("c = ConstantOfShape (s) e = EyeLike (c)", f"int64[2] s = {{{2**20}, {2**20}}}"),
    "computed": one(
        "s = Mul (a, a) e = ConstantOfShape (s)", f"int64[1] a = {{{2**20}}}"
    ),
    "computed in steps": graph(
        f"""(float[1] x) => (float[a] y) <int64[1] a = {{{2**9}}}, int64[1] k = {{3}}> {{
          s = Mul (a, a) e = ConstantOfShape <value = int64[1] {{5}}> (s)
          f = Add (e, k) t = Shape (f) u = Mul (t, t) g = ConstantOfShape (u)
          h = Cast <to = 1> (g) y = Add (x, h) }}"""
    ),
    "an input": helper.make_model(
        helper.make_graph(
            [helper.make_node("Relu", ["x"], ["y"])], "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [HUGE, HUGE])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        ),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
    ),
}  # fmt: skip


CASES = [(name, level) for name in FOUR_TERABYTES for level in (0, 1)]


@pytest.mark.parametrize(("name", "level"), CASES)
def test_tensors_of_terabytes(tmp_path, name, level):
    with pytest.raises(LimitError, match=r"expected at most 17,179,869,184 elements"):
        onnx2py.compile_model(FOUR_TERABYTES[name], tmp_path / "made", level=level)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "level"), CASES)
def test_check_refuses_what_the_compiler_refuses(name, level):
    with pytest.raises(LimitError, match=r"expected at most 17,179,869,184 elements"):
        onnx2py.inspect_model(FOUR_TERABYTES[name], level=level)


def test_the_limit_can_be_raised(tmp_path):
    model = graph("(float[2, 3] x) => (float[2, 3] y) { y = Relu (x) }")
    with pytest.raises(LimitError, match="expected at most 5 elements"):
        onnx2py.compile_model(model, tmp_path / "made", max_elements=5)
    onnx2py.compile_model(model, tmp_path / "made", max_elements=6)


def test_weights_of_the_file_are_no_matter_of_the_limit(tmp_path):
    model = graph(
        "(float x) => (float y) <float[3] w = {1, 2, 3}> "
        "{ s = ReduceSum <keepdims=0> (w) y = Add (x, s) }"
    )
    onnx2py.compile_model(model, tmp_path / "made", max_elements=2)


def called(functions: list[onnx.FunctionProto], name: str) -> onnx.ModelProto:
    main = helper.make_graph(
        [helper.make_node(name, ["x"], ["y"], domain="f")], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )  # fmt: skip
    return helper.make_model(
        main, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("f", 1)],
        ir_version=9, functions=functions,
    )  # fmt: skip


def function(name: str, *calls: str) -> onnx.FunctionProto:
    """Return a function that calls others one after the other."""
    places = ["a", *(f"v{i}" for i in range(len(calls) - 1)), "b"]
    nodes = [
        helper.make_node(c, [x], [y], domain="" if c == "Relu" else "f")
        for c, x, y in zip(calls, places, places[1:])
    ]
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
    return helper.make_function("f", name, ["a"], ["b"], nodes, imports)


LAUGHS = [function("F0", "Relu", "Relu")] + [
    function(f"F{i}", f"F{i - 1}", f"F{i - 1}") for i in range(1, 41)
]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (called([function("F", "F")], "F"), "expected no recursion"),
        (called([function("F", "G"), function("G", "F")], "F"), "expected no recursion"),
        (called(LAUGHS, "F40"), "expected at most 200,000 nodes"),
        (graph("(float[1] x) => (float[1] y) { a = Add (x, b) b = Relu (a) y = Relu (b) }"),
         "expected no cycle"),
    ],
    ids=["itself", "each other", "doubled 40 times", "a circle"],
)  # fmt: skip
def test_what_never_ends(tmp_path, model, message):
    with pytest.raises(onnx2py.Onnx2pyError, match=message):
        onnx2py.compile_model(model, tmp_path / "made")


def field(number: int, content: bytes) -> bytes:
    """Encode a field of a protobuf message."""
    head, size = b"", len(content)
    for value in (number << 3 | 2, size):
        while value > 127:
            head, value = head + bytes([value & 127 | 128]), value >> 7
        head += bytes([value])
    return head + content


def nested_ifs(depth: int) -> bytes:
    """Return a model whose Ifs stand inside each other; protobuf itself would not write it."""
    info = helper.make_tensor_value_info
    inner = field(1, helper.make_node("Relu", ["x"], ["y0"]).SerializeToString())
    inner += field(12, info("y0", TensorProto.FLOAT, [1]).SerializeToString())
    for k in range(1, depth + 1):
        other = field(1, helper.make_node("Abs", ["x"], [f"q{k}"]).SerializeToString())
        other += field(12, info(f"q{k}", TensorProto.FLOAT, [1]).SerializeToString())
        node = field(1, b"c") + field(2, f"y{k}".encode()) + field(4, b"If")
        for name, body in ((b"then_branch", inner), (b"else_branch", other)):
            node += field(5, field(1, name) + field(6, body) + b"\xa0\x01\x05")
        inner = field(1, node) + field(12, info(f"y{k}", 1, [1]).SerializeToString())
    inner += field(11, info("x", TensorProto.FLOAT, [1]).SerializeToString())
    inner += field(11, info("c", TensorProto.BOOL, []).SerializeToString())
    opset = helper.make_opsetid("", 17).SerializeToString()
    return b"\x08\x08" + field(7, inner) + field(8, opset)


@pytest.mark.parametrize("depth", [200, 5000])
def test_ifs_inside_each_other(tmp_path, depth):
    with pytest.raises(onnx2py.Onnx2pyError, match="damaged or of another format"):
        onnx2py.compile_model(nested_ifs(depth), tmp_path / "made")


def test_as_many_ifs_as_protobuf_reads(tmp_path):
    onnx2py.compile_model(nested_ifs(30), tmp_path / "made", layout=False)


@pytest.mark.parametrize(
    "data", [b"\x3a" * 100_000, b"\0" * 1000, b"", b"PK\x03\x04", b"\xff" * 64]
)
def test_files_that_are_none(tmp_path, data):
    with pytest.raises(onnx2py.Onnx2pyError):
        onnx2py.compile_model(data, tmp_path / "made")


def chain(count: int) -> onnx.ModelProto:
    nodes = [helper.make_node("Relu", [f"v{i}"], [f"v{i + 1}"]) for i in range(count)]
    first, last = (
        [helper.make_tensor_value_info(f"v{i}", TensorProto.FLOAT, [1])]
        for i in (0, count)
    )
    main = helper.make_graph(nodes, "g", first, last)
    return helper.make_model(
        main, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )


def test_a_long_chain(tmp_path):
    """Longer ones take time in proportion; the benchmark measures 10 000."""
    report = onnx2py.compile_model(chain(3000), tmp_path / "made", layout=False)
    assert report.calls > 0
    with pytest.raises(LimitError, match="expected at most 2,999 nodes, got 3,000"):
        onnx2py.compile_model(chain(3000), tmp_path / "other", max_nodes=2999)
    with pytest.raises(LimitError, match="expected at most 2,999 nodes, got 3,000"):
        onnx2py.inspect_model(chain(3000), max_nodes=2999)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off(tmp_path, part):
    data = chain(500).SerializeToString()
    with pytest.raises(onnx2py.Onnx2pyError):
        onnx2py.compile_model(data[: int(len(data) * part)], tmp_path / "made")


def test_more_lengths_than_data(tmp_path):
    model = graph("(float[1] x) => (float[a, b] y) { y = Add (x, w) }")
    model.graph.initializer.append(
        TensorProto(name="w", data_type=1, dims=[2**31, 2**31], raw_data=b"1234")
    )
    with pytest.raises(onnx2py.Onnx2pyError, match="the stored data do not match"):
        onnx2py.compile_model(model, tmp_path / "made")


def test_an_einsum_of_all_letters_is_not_folded(tmp_path):
    k = ", ".join(["1"] * 64)
    letters = "ab,cd,ef,gh,ij,kl,mn,op,qr,st"
    names = ", ".join(["k"] * 10)
    model = graph(
        f"(float[1] x) => (float[a] y) <float[8, 8] k = {{{k}}}> "
        f'{{ e = Einsum <equation = "{letters}->"> ({names}) y = Add (x, e) }}'
    )
    onnx2py.compile_model(model, tmp_path / "made", layout=False)


def bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))


@pytest.mark.parametrize("name", ["Range", "Tile", "computed"])
def test_the_command_says_so_in_one_message(tmp_path, name):
    """With 3 GB of memory, so that nothing was tried before."""
    onnx.save(FOUR_TERABYTES[name], tmp_path / "bomb.onnx")
    command = [sys.executable, "-m", "onnx2py", "bomb.onnx", "-o", "made"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=bounded,
        timeout=60,
    )
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("error:") == 1 and "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bomb.onnx"]


def is_bounded(spare: int) -> bool:
    """Whether more than ``spare`` bytes are refused inside, and the limit is as it was after."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with bounded_memory(spare):
        try:
            bytearray(3 * spare)
            refused = False
        except MemoryError:
            refused = True
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    return refused


def test_memory_is_bounded_for_a_while():
    assert is_bounded(1 << 30)


def test_memory_is_bounded_beside_other_threads():
    """A server compiles in one of its threads; a leftover thread of a test is one as well."""
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        assert is_bounded(1 << 30)
    finally:
        done.set()
        other.join()


def test_two_threads_restore_the_limit():
    before = resource.getrlimit(resource.RLIMIT_AS)
    entered, done = threading.Event(), threading.Event()

    def hold() -> None:
        with bounded_memory(1 << 30):
            entered.set()
            done.wait()

    other = threading.Thread(target=hold)
    other.start()
    entered.wait()
    with bounded_memory(1 << 29):
        done.set()
        other.join()
    assert resource.getrlimit(resource.RLIMIT_AS) == before
