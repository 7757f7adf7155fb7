"""A differential fuzzer: random models of one node, onnx2py against onnxruntime.

``python -m tests.fuzz --help`` runs it; ``test_slice.py`` runs a fixed slice in CI.
"""
