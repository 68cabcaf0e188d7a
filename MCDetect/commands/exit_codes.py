"""What the exit codes of ``mcdetect`` mean."""

from __future__ import annotations

DONE = 0
SOME_FAILED = 1
WRONG_USE = 2
NOTHING_DONE = 3
STOPPED = 130
"""128 + SIGINT, as shells report it."""


def exit_code(succeeded: int, failed: int) -> int:
    """Return the exit code of a command over several inputs."""
    if not succeeded:
        return NOTHING_DONE
    return SOME_FAILED if failed else DONE
