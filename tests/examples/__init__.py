"""The packages of ``generated_examples/``: as committed, and as made again."""
