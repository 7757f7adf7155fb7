"""The first call of one engine: ``python benchmarks/first_call.py ENGINE PATH FOLDER NAMES...``.

What a script costs that computes once: it imports nothing else, reads the inputs
(``0.npy``, ``1.npy`` ... in the folder, for each name), and prints the peak memory.
"""

import os
import resource
import sys

import numpy as np


def main(engine: str, path: str, folder: str, *names: str) -> None:
    """Compute once."""
    feeds = {}
    for i, name in enumerate(names):
        array = np.load(f"{folder}/{i}.npy")
        feeds[name] = array.astype(object) if array.dtype.kind == "U" else array
    if engine in ("onnx2py", "accelerated"):
        os.environ["ONNX2PY_ACCELERATE"] = "01"[engine == "accelerated"]
        parent, _, package = path.rpartition("/")
        sys.path.insert(0, parent)
        session = __import__(package).InferenceSession()
    else:
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    session.run(None, feeds)
    print(peak_memory())


def peak_memory() -> int:
    """Return the most memory that this program held, in bytes."""
    try:
        with open("/proc/self/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        return int(fields["VmHWM"].split()[0]) * 1024
    except (OSError, KeyError):
        # Linux counts in what the process was before it became this program.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
