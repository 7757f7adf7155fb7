"""Fork, threads, stale weights, bounded caches, addresses, and a library that is missing."""

import gc
import os
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

from onnx2py.accelerate import cache, library, memory
from onnx2py.accelerate.active import accelerated, active, is_active, threads_in_use
from onnx2py.accelerate.cache import freeze, is_frozen, own
from onnx2py.accelerate.table import REPLACEMENTS
from onnx2py.kernels.conv_packed import conv_packed, packed_weight

from .compared import assert_same, floats

replacement = REPLACEMENTS["conv_packed"]


def tensors(seed=0, channels=16, size=20):
    generator = np.random.default_rng(seed)
    x = floats(generator, 1, channels, size, size)
    return x, freeze(packed_weight(floats(generator, 32, channels, 3, 3)))


def run(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_only_inside_the_block():
    assert not is_active()
    with active(3):
        assert is_active()
        assert threads_in_use() == 3
        seen = []
        other = threading.Thread(target=lambda: seen.append(is_active()))
        other.start()
        other.join()
        assert seen == [False]
        with active():
            assert threads_in_use() == 0
        assert threads_in_use() == 3
    assert not is_active()


def test_replaced_only_where_active():
    def conv_packed(*arguments, **options):
        return "NumPy's"

    x, weight = tensors()
    either = accelerated(conv_packed)
    assert either(x, weight) == "NumPy's"
    with active():
        assert isinstance(either(x, weight), np.ndarray)
        assert either(x, weight.copy()) == "NumPy's"
    assert either.__name__ == "conv_packed"

    def no_such_kernel():
        pass

    assert accelerated(no_such_kernel) is no_such_kernel


FORK = """
import os, sys
import numpy as np
from onnx2py.accelerate.active import accelerated, active, is_active
from onnx2py.accelerate.cache import freeze
from onnx2py.kernels.conv_packed import conv_packed
from onnx2py.kernels.conv_winograd import conv_winograd
x = np.random.default_rng(0).normal(size=(1, 64, 56, 56)).astype("f")
weight = freeze(np.random.default_rng(1).normal(size=(3, 3, 64, 64)).astype("f"))
kernel, winograd = accelerated(conv_packed), accelerated(conv_winograd)
expected = conv_packed(x, weight)
with active(2):
    kernel(x, weight)
    child = os.fork()
    if not child:
        assert not is_active()
        with active():
            assert not is_active()
            assert np.array_equal(kernel(x, weight), expected)
            assert np.allclose(winograd(x, weight), expected, atol=1e-3)
if not child:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
with active(2):
    assert not np.array_equal(kernel(x, weight), expected)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_forked_child_computes_by_numpy():
    done = run(FORK)
    assert (done.returncode, done.stderr) == (0, "")


def test_threads():
    x, weight = tensors(size=24)
    inputs = [x * (i + 1) for i in range(8)]
    expected = [conv_packed(i, weight, pads=(1, 1, 1, 1)) for i in inputs]
    wrong, barrier = [], threading.Barrier(8)

    def compute(number):
        barrier.wait()
        with active(1 + number % 2):
            for _ in range(100):
                y = replacement(inputs[number], weight, pads=(1, 1, 1, 1))
                if not np.allclose(y, expected[number], rtol=0, atol=1e-3):
                    wrong.append(number)

    workers = [threading.Thread(target=compute, args=(i,)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_a_thread_takes_what_it_kept_with_it():
    x, weight = tensors()
    kept = []

    def compute():
        with active():
            replacement(x, weight)
            kept.append(weakref.ref(own()))

    worker = threading.Thread(target=compute)
    worker.start()
    worker.join()
    gc.collect()
    assert kept[0]() is None
    assert all(thread() is not None for thread in cache._threads.values())


def test_number_of_threads_is_restored(library):
    if library.get_threads is None:
        pytest.skip(f"the runtime {library.runtime} has no number of threads")
    x, weight = tensors(channels=64, size=40)
    before = library.get_threads()
    with active(3):
        replacement(x, weight)
        calls = list(own().calls_of(weight).values())
        assert [c.call.primitive.threads.count for c in calls] == [3]
        assert library.get_threads() == before
        replacement(x[:, :, :5, :5], weight)  # a small one
        assert own().calls_of(weight).popitem()[1].call.primitive.threads.count == 1
    assert library.get_threads() == before


def test_weight_that_can_be_written_is_not_kept():
    x, weight = tensors()
    with active():
        assert replacement(x, weight) is not None
        loose = weight.copy()
        assert replacement(x, loose) is None
        view = loose.view()
        view.flags.writeable = False
        assert not is_frozen(view)
        assert replacement(x, view) is None
        kernel = accelerated(conv_packed)
        first = kernel(x, freeze(loose))
        loose.flags.writeable = True
        loose *= 2
        assert_same(kernel(x, loose), 2 * first)
        assert replacement(x, loose) is None


def test_weights_are_freed_and_numbers_used_again():
    generator = np.random.default_rng(0)
    x = floats(generator, 1, 4, 6, 6)
    numbers, kernel = set(), accelerated(conv_packed)
    with active():
        for _ in range(100):
            weight = freeze(floats(generator, 3, 3, 4, 8))
            numbers.add(id(weight))
            assert_same(replacement(x, weight), conv_packed(x, weight))
            assert len(own().by_array) < 100
            gone = weakref.ref(weight)
            del weight
            assert gone() is None
    assert len(numbers) < 100
    assert kernel is not conv_packed


def test_nothing_is_kept_of_a_weight_that_was_freed():
    gc.collect()
    x, weight = tensors()
    with active():
        mine = own()
        before = len(mine.by_array), len(mine.by_weight), len(cache._weights)
        replacement(x, weight)
        call = weakref.ref(next(iter(mine.calls_of(weight).values())))
        packed = mine.weight(weight)._packed[0]
        assert packed() is not None
        del weight
        gc.collect()
        assert packed() is None
        assert call() is None
        assert before == (len(mine.by_array), len(mine.by_weight), len(cache._weights))


def test_views_made_at_each_call_share_one_copy():
    x, weight = tensors()
    other = freeze(np.ones((5, *weight.shape), np.float32))
    with active():
        for _ in range(20):
            replacement(x, other[2])
        (packed,) = {
            ref
            for key, (kept, _) in own().by_weight.items()
            for ref in kept._packed
            if key[0] == id(other)
        }
        assert packed() is not None
        assert_same(replacement(x, other[2]), conv_packed(x, other[2]))


def test_calls_are_bounded():
    x, weight = tensors()
    with active():
        for width in range(3, 20):
            assert replacement(x[..., :width], weight) is not None
        calls = own().calls_of(weight)
        assert len(calls) == cache.SHAPES_OF_A_WEIGHT
        assert len(own().weight(weight)._packed) <= cache.SHAPES_OF_A_WEIGHT


def test_a_call_inside_a_call_is_left_to_numpy():
    x, weight = tensors()
    with active():
        assert replacement(x, weight) is not None
        (prepared,) = own().calls_of(weight).values()
        prepared.call._busy = True
        assert replacement(x, weight) is None
        prepared.call._busy = False
        assert replacement(x, weight) is not None


def test_addresses():
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    fixed = x.copy()
    fixed.flags.writeable = False
    for array in (
        x,
        x[1:, ::2],
        x[:, ::-1],
        x.T,
        fixed,
        np.broadcast_to(x, (5, 2, 3, 4)),
    ):
        assert memory.address(array) == array.ctypes.data
        assert memory._address_by_numpy(array) == array.ctypes.data


def test_machines_without_vnni():
    program = (
        "import numpy as np\n"
        "from onnx2py.accelerate.library import has_vnni, isa\n"
        "from tests.accelerate.test_traps import *\n"
        "x, weight = tensors()\n"
        "with active():\n"
        "    assert_same(replacement(x, weight), conv_packed(x, weight))\n"
        "print(isa(), has_vnni())"
    )
    done = run(program, ONEDNN_MAX_CPU_ISA="AVX2")
    if library.isa() == "none":
        pytest.skip("not an x86-64 processor")
    assert done.stdout.split() == ["AVX2", "False"], done.stderr


@pytest.mark.parametrize("named", ["no/such/file.so", __file__])
def test_missing_library(named):
    program = (
        "from onnx2py.accelerate.active import active\n"
        "try:\n"
        "    with active(): pass\n"
        "except ImportError as error: print(error)"
    )
    done = run(program, ONNX2PY_DNNL=named)
    assert done.stdout.startswith(
        f"oneDNN: expected libdnnl 3.2 or newer below 4, named by ONNX2PY_DNNL; got: {named}"
    ), done.stderr
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("system", "machine", "words"),
    [
        ("linux", "x86_64", ["pip install onednn-cpu-gomp==2023.2.0", "libgomp"]),
        ("linux", "aarch64", ["apt install libdnnl3", "conda"]),
        ("darwin", "arm64", ["brew install onednn"]),
        ("win32", "AMD64", ["conda install"]),
    ],
)
def test_advice(system, machine, words):
    assert all(word in library.advice(system, machine) for word in words)


def test_other_versions_and_runtimes_do_not_serve(library):
    class Other(type(library)):
        def __init__(self, major, minor, runtime):
            self.found = major, minor, 0, b"", runtime, 0

        @property
        def functions(self):
            version = type("Pointer", (), {"contents": None})()
            kind = __import__("onnx2py.accelerate.library", fromlist=["_Version"])
            version.contents = kind._Version(*self.found)
            return type("Functions", (), {"dnnl_version": lambda *_: version})

    for wrong in ((2, 7, 2), (3, 1, 2), (4, 0, 2), (3, 6, 8), (3, 6, 512)):
        with pytest.raises(ValueError, match="its"):
            Other(*wrong)._checked()
    assert Other(3, 13, 2)._checked() == ((3, 13, 0), "OMP")
