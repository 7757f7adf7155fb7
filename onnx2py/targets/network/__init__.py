"""The network that was exported: its modules, layers and parameters, found again.

Targets with layers, or with parameters in a tree, share it.
"""
