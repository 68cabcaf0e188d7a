"""``mcdetect serve``: a DICOM node that takes mammograms and sends findings."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.commands.exit_codes import DONE
from MCDetect.commands.option_types import add_detection_arguments, check_spacing, count, positive_number, processing_of
from MCDetect.errors import DeviceError
from MCDetect.installation import install_command
from MCDetect.outputs import OPTIONAL_BATCH_FORMATS

if TYPE_CHECKING:
    from MCDetect.dicom.pacs.nodes import Node

SUMMARY = "take mammograms as a DICOM node, find calcifications and send the results on"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="folder for images, results and the work list"
    )
    listening = parser.add_argument_group("listening")
    listening.add_argument("--title", default="MCDETECT", metavar="TITLE", help="AE title (default: %(default)s)")
    listening.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where to listen (default: %(default)s, this computer only)",
    )
    listening.add_argument("--port", type=count(0, 65535), default=11112, metavar="N", help="default: %(default)s")
    listening.add_argument(
        "--stow-port", type=count(0, 65535), metavar="N", help="take images by STOW-RS as well (default: do not)"
    )
    listening.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="TITLE@ADDRESS",
        help="who may send; * is any title or address, addresses may be networks (default: this computer "
        "only; others need --host too)",
    )
    listening.add_argument(
        "--connections",
        type=count(2),
        default=64,
        metavar="N",
        help="most associations, half of them of one address (default: %(default)s)",
    )
    listening.add_argument(
        "--largest-image",
        type=count(1),
        default=512,
        metavar="MIB",
        help="longer images are cut off (default: %(default)s)",
    )
    listening.add_argument(
        "--least-free",
        type=count(0),
        default=2048,
        metavar="MIB",
        help="with less room on the disk no image is taken (default: %(default)s)",
    )
    listening.add_argument("--tls-certificate", type=Path, metavar="FILE", help="PEM; listen with TLS only")
    listening.add_argument("--tls-key", type=Path, metavar="FILE", help="PEM, without a password")
    listening.add_argument(
        "--tls-authorities", type=Path, metavar="FILE", help="PEM; peers must have a certificate signed by one of them"
    )
    listening.add_argument(
        "--metrics-port",
        type=count(0, 65535),
        default=9114,
        metavar="N",
        help="/health and /metrics (default: %(default)s)",
    )
    listening.add_argument(
        "--metrics-host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where these are shown, without password or encryption, to all who reach it (default: %(default)s)",
    )
    work = parser.add_argument_group("work")
    work.add_argument(
        "--views", type=count(1), default=4, metavar="N", help="images of an examination (default: %(default)s)"
    )
    work.add_argument(
        "--wait",
        type=positive_number,
        default=120.0,
        metavar="S",
        help="seconds to wait for more (default: %(default)s)",
    )
    work.add_argument(
        "--workers", type=count(1), metavar="N", help="worker processes (default: one a GPU, or one a core)"
    )
    work.add_argument(
        "--send-to",
        metavar="NODE",
        help="where the DICOM results go: a name in the configuration, or TITLE@HOST:PORT; without it they stay in DIR",
    )
    work.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration (default: nodes.toml of this user; see docs/pacs.md)"
    )
    work.add_argument(
        "--keep",
        type=positive_number,
        default=30.0,
        metavar="DAYS",
        help="how long images and results stay (default: %(default)s)",
    )
    work.add_argument(
        "--give-up",
        type=positive_number,
        default=7.0,
        metavar="DAYS",
        help="how long results that the destination refuses are sent again (default: %(default)s)",
    )
    add_detection_arguments(parser, OPTIONAL_BATCH_FORMATS)


def run(options: argparse.Namespace) -> int:
    """Run the node until SIGTERM or Ctrl-C."""
    check_spacing(options.spacing)
    try:
        from MCDetect.cohort.node.admission import AllowList, Limits, Peer
        from MCDetect.cohort.node.delivery import node_at
        from MCDetect.cohort.node.encryption import tls_context
        from MCDetect.cohort.node.service import Service, serve
        from MCDetect.dicom.pacs.configuration import read_configuration
    except ModuleNotFoundError as error:
        raise DeviceError(
            "no-pynetdicom", f"{error.name} is not installed.", f"Install it with: {install_command('cohort')}."
        ) from error

    destination: Node | None = None
    if options.send_to is not None:
        named = "@" not in options.send_to
        destination = (
            read_configuration(options.config).node(options.send_to)
            if named
            else node_at(options.send_to, options.title)
        )
    mebibyte = 2**20
    service = Service(
        output=options.output,
        host=options.host,
        port=options.port,
        title=options.title,
        stow_port=options.stow_port,
        allowed=AllowList(map(Peer.parse, options.allow)),
        limits=replace(
            Limits(),
            connections=options.connections,
            image_bytes=options.largest_image * mebibyte,
            free_bytes=options.least_free * mebibyte,
        ),
        destination=destination,
        server_tls=tls_context(options.tls_certificate, options.tls_key, options.tls_authorities),
        views=options.views,
        wait_s=options.wait,
        keep_s=options.keep * 86400,
        give_up_s=options.give_up * 86400,
        workers=options.workers,
        monitoring=(options.metrics_host, options.metrics_port),
        processing=processing_of(options),
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serve(service, stop, _say)
    return DONE


def _say(sentence: str) -> None:
    try:
        print(sentence, flush=True)
    except BrokenPipeError:  # nobody reads it any more; what Python flushes when it ends must not fail as well
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
