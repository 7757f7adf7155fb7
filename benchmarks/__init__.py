"""What the README's tables say, measured: speed (``run``) and operators (``coverage``)."""
