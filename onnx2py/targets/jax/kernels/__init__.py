"""Kernels for JAX: twins of ``onnx2py.kernels`` by module, name and parameters."""
