"""Engines that compute ONNX models with PyTorch, on the same cases."""
