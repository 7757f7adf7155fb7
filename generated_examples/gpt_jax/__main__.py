"""``python -m gpt_jax``: check, run and measure this copy; see ``--help``."""

from __future__ import annotations

import sys

MISSING = (
    "the commands need the folder tools/, which was left out of this copy or deleted"
)


def main() -> int:
    """Run a command; without ``tools/`` there is none."""
    try:
        from .tools.commands import main as run
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith(f"{__package__}.tools"):
            raise
        print(f"{__package__}: {MISSING}", file=sys.stderr)
        return 2
    return run()


if __name__ == "__main__":
    sys.exit(main())
