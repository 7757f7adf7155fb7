"""How everything in ``generated_examples/`` is made: ``python -m generated_examples.make``."""
