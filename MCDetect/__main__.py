"""``python -m MCDetect`` is the ``mcdetect`` command."""

from __future__ import annotations

import sys

from MCDetect.command_line import main

if __name__ == "__main__":
    sys.exit(main())
