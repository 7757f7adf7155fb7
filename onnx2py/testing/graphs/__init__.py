"""Random graphs of the patterns that passes and plans fuse, and of near misses.

Each is compared with onnxruntime, which computes it node by node, at both levels. A package is
called twice, with strided inputs some of the time: what writes where it should not is seen.
"""
