"""Every test here needs oneDNN: without it they fail on Linux x86-64, where a wheel has it."""

import platform
import sys

import pytest

from onnx2py.accelerate.library import LibraryNotFoundError, load


@pytest.fixture(scope="session", autouse=True)
def library():
    try:
        return load()
    except LibraryNotFoundError as error:
        if sys.platform == "linux" and platform.machine() == "x86_64":
            raise
        pytest.skip(str(error))
