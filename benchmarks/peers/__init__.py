"""Engines that compute ONNX models with one library, on the same cases."""
