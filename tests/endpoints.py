"""Endpoints on this machine that answer as an OpenAI-compatible one does, well or badly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

Reply = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """A request to the endpoint; what it holds is kept, and how it is answered is the server's affair."""

    server: Endpoint

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.server.asked.append((self.headers, json.loads(self.rfile.read(length))))
        self.server.reply(self)

    def opens(self, kind: str = "text/event-stream") -> None:
        """Begin an answer without saying how long it will be."""
        self.send_response(200)
        self.send_header("content-type", kind)
        self.end_headers()

    def says(self, text: str, ended: str | None = None) -> None:
        """One piece of a streamed answer."""
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": ended}
        self.sends(json.dumps({"id": "1", "object": "chat.completion.chunk", "choices": [choice]}))

    def sends(self, data: str) -> None:
        """One event of a stream."""
        self.wfile.write(f"data: {data}\n\n".encode())
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: requests are looked at in `asked`."""


class Endpoint(ThreadingHTTPServer):
    """Answers each request with `reply`; `released` is set when the test is over."""

    daemon_threads = True

    def __init__(self, reply: Reply) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.reply = reply
        self.asked: list[tuple[Message, dict[str, Any]]] = []
        self.released = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that hangs up is one of the cases."""


@contextmanager
def endpoint(reply: Reply) -> Iterator[Endpoint]:
    """An endpoint that answers as `reply` does."""
    with Endpoint(reply) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()


def saying(*pieces: str, ended: str | None = "stop") -> Reply:
    """The reply of an endpoint that says these pieces, and why it stopped."""

    def reply(asked: Asked) -> None:
        asked.opens()
        for piece in pieces:
            asked.says(piece)
        asked.says("", ended)
        asked.sends("[DONE]")

    return reply


def failing(status: int, body: str = "{}") -> Reply:
    """The reply of an endpoint that fails."""

    def reply(asked: Asked) -> None:
        asked.send_response(status)
        asked.send_header("content-type", "application/json")
        asked.send_header("content-length", str(len(body)))
        asked.end_headers()
        asked.wfile.write(body.encode())

    return reply


def sending(*events: str, kind: str = "text/event-stream") -> Reply:
    """The reply of an endpoint that sends these bytes as its events."""

    def reply(asked: Asked) -> None:
        asked.opens(kind)
        for event in events:
            asked.sends(event)

    return reply


def hanging(said: Sequence[str] = ()) -> Reply:
    """The reply of an endpoint that says something, or nothing, and then keeps silent."""

    def reply(asked: Asked) -> None:
        if said:
            asked.opens()
        for piece in said:
            asked.says(piece)
        asked.server.released.wait(30)

    return reply


def dripping(asked: Asked) -> None:
    """Keep the line alive with comments and never come to the point."""
    asked.opens()
    while not asked.server.released.wait(0.05):
        asked.wfile.write(b": still thinking\n\n")
        asked.wfile.flush()
