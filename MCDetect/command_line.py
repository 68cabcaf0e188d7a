"""The ``mcdetect`` command.

Exit codes: 0 done; 1 some inputs failed, the results of the others are written; 2 wrong use; 3 nothing could be done;
130 stopped with Ctrl-C. Every foreseeable failure is one sentence and a hint on the standard error stream.

Only the parser is built here. What a sub-command needs is imported when it runs, so that ``mcdetect --help`` answers
at once.
"""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Sequence

from MCDetect.commands import (
    batch,
    bundles,
    detect,
    echo,
    evaluate,
    fetch,
    info,
    read,
    report,
    review,
    send,
    serve,
    simulate,
    train,
)
from MCDetect.commands.exit_codes import NOTHING_DONE, STOPPED, WRONG_USE
from MCDetect.commands.unforeseen import as_told
from MCDetect.errors import MCDetectError, UsageError
from MCDetect.version import __version__

_COMMANDS = (detect, review, report, read, batch, serve, simulate, train, evaluate, bundles, info, send, fetch, echo)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command with all its sub-commands."""
    parser = argparse.ArgumentParser(
        prog="mcdetect",
        description="Finds microcalcifications in mammograms. For research use; not a medical device.",
        epilog="Exit codes: 0 done, 1 some inputs failed (the rest is written), 2 wrong use, 3 nothing could be done, "
        "130 stopped with Ctrl-C.",
    )
    parser.add_argument("--version", action="version", version=f"mcdetect {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show where in the code a failure arose")
    subparsers = parser.add_subparsers(title="commands", dest="command", required=True)
    for command in _COMMANDS:
        summary = command.SUMMARY
        subparser = subparsers.add_parser(
            command.__name__.rpartition(".")[2], help=summary, description=f"{summary}.", parents=[common]
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    arguments
        The words after ``mcdetect``; by default those the process was started with.

    Raises
    ------
    SystemExit
        With code 2 for unknown options and 0 after ``--help`` or ``--version``, as argparse does.
    """
    options = build_parser().parse_args(arguments)
    # pydicom's warnings quote what stands in a header, which may be a patient's name.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom\b")
    # Failures of single images do not end the command; where they arose is told by the log.
    logging.getLogger("MCDetect").setLevel(logging.DEBUG if options.debug else logging.NOTSET)
    if options.debug:
        logging.basicConfig()
    try:
        code: int = options.run(options)
    except MCDetectError as error:
        if options.debug:
            raise
        print(f"mcdetect: {error}", file=sys.stderr)
        return WRONG_USE if isinstance(error, UsageError) else NOTHING_DONE
    except Exception as error:  # the last resort: a fault of ours must not show a traceback either
        if options.debug:
            raise
        print(f"mcdetect: {as_told(error)}", file=sys.stderr)
        return NOTHING_DONE
    except KeyboardInterrupt as error:
        print(f"mcdetect: {as_told(error)}", file=sys.stderr)
        return STOPPED
    return code
