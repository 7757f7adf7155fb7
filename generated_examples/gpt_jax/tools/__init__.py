"""Tools for development: self-test, commands, tracing, ``InferenceSession``.

``Model`` needs none of them: delete this folder to ship less.
"""
