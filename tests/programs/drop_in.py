"""Run a program with onnxruntime's InferenceSession, or with that of our packages.

``python drop_in.py theirs|ours SCRIPT``: the program itself is not touched.
"""

from __future__ import annotations

import runpy
import sys
from typing import Any

import onnxruntime


class InferenceSession:
    """Compile the model and open a session of the package."""

    def __new__(cls, path_or_bytes: Any, *args: Any, **kwargs: Any) -> Any:
        """Take what onnxruntime's takes."""
        import onnx2py

        model = onnx2py.load_model(path_or_bytes)
        package = sys.modules[type(model).__module__.rpartition(".")[0]]
        return package.InferenceSession(path_or_bytes, *args, **kwargs)


if __name__ == "__main__":
    if sys.argv[1] == "ours":
        onnxruntime.InferenceSession = InferenceSession
    runpy.run_path(sys.argv[2])
