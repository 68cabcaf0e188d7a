"""Waiting for a worker's messages, as a viewer's timer does."""

from __future__ import annotations

import time
from collections.abc import Callable

from MCDetect.inference.worker.client import WorkerClient
from MCDetect.inference.worker.messages import Cancelled, Failed, Finished, Message, Ready

ENDS = (Finished, Failed, Cancelled)


def collect(client: WorkerClient, until: Callable[[Message], bool], seconds: float = 60.0) -> list[Message]:
    """Poll as a viewer does, until a message fulfils ``until``."""
    messages: list[Message] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        messages += client.poll()
        if any(until(message) for message in messages):
            return messages
        time.sleep(0.01)
    raise AssertionError(f"the worker did not answer within {seconds} s; it said {messages}")


def until_ready(client: WorkerClient) -> Ready:
    """Start a worker and wait until it has loaded the model."""
    client.start()
    messages = collect(client, lambda message: isinstance(message, Ready | Failed))
    assert isinstance(messages[-1], Ready), messages
    return messages[-1]


def until_end(client: WorkerClient) -> list[Message]:
    """Wait for the end of a request."""
    return collect(client, lambda message: isinstance(message, ENDS))
