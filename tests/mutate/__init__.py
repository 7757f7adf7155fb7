"""Damaged models: whatever a file says, the compiler ends with a package or one clear error.

``python -m tests.mutate --cases 100000`` takes the models of ONNX's own test suite, changes a
few things in each that a valid model never has, or a few bytes, and compiles the result.
"""
