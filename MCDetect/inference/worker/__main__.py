"""``python -m MCDetect.inference.worker``: see the package."""

from __future__ import annotations

import argparse
import sys

from MCDetect.bundles.store import DEFAULT_BUNDLE
from MCDetect.inference.backends.choice import BACKENDS
from MCDetect.inference.device import DEVICES
from MCDetect.inference.worker.channel import Channel
from MCDetect.inference.worker.server import Worker


def main() -> int:
    """Serve the process at the other end of the standard streams."""
    parser = argparse.ArgumentParser(prog="python -m MCDetect.inference.worker", description=__doc__)
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE, metavar="NAME|PATH")
    parser.add_argument("--device", default="auto", choices=DEVICES)
    parser.add_argument("--backend", default="auto", choices=BACKENDS)
    options = parser.parse_args()
    return Worker(Channel.of_this_process(), options.bundle, options.device, options.backend).run()


if __name__ == "__main__":
    sys.exit(main())
