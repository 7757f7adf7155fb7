"""The functions that this model calls."""

__all__: list[str] = []
