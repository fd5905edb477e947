"""Connections that are given up at a set moment, however slowly something still comes."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

import httpx2


class PatientTransport(httpx2.HTTPTransport):
    """Sends requests whose answers must have come by `until`, on the clock of `monotonic`.

    A limit on each read alone would let a server that says one letter a second talk for ever.
    """

    def __init__(self, until: float) -> None:
        super().__init__()
        self.until = until

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The response, whose body ends with ReadTimeout once it is late."""
        response = super().handle_request(request)
        if isinstance(response.stream, httpx2.SyncByteStream):
            response.stream = _Patient(response.stream, self.until)
        return response


class _Patient(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, until: float) -> None:
        self.stream, self.until = stream, until

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.stream:
            if monotonic() >= self.until:
                raise httpx2.ReadTimeout("it took too long")
            yield piece

    def close(self) -> None:
        self.stream.close()
