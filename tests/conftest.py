"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

# The same examples on every machine, however slow it is.
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile("same")
