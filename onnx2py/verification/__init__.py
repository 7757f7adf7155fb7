"""The parts of ``verify``: inputs, oracle, isolation, comparison and golden record."""
