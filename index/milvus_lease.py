"""The one writer's turn at a corpus in Milvus, whichever machine it writes from."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from index.engine import EngineAwayError, SettingsError
from index.milvus_link import NO_VECTOR, PIECES, Link

LEASE = "lease"
LASTS = 20.0
"""Seconds after which a lease that is not renewed is anyone's; renewed four times as often. Writers' clocks must agree
to a few seconds."""

PATIENCE = 30.0
"""Seconds to wait for another writer."""

SETTLING = 0.3
"""Seconds after which a lease is read again: of two who take it at once, the one whose row stayed has it."""


class Lease:
    """A writer's turn, renewed until it is given back."""

    def __init__(self, link: Link) -> None:
        self.link, self.holder = link, uuid4().hex
        self._over = threading.Event()
        self._renewing = threading.Thread(target=self._renew, daemon=True)

    def take(self) -> None:
        """Wait for the turn; SettingsError when another writer does not end within PATIENCE."""
        last = time.monotonic() + PATIENCE
        while not self._taken():
            if time.monotonic() > last:
                raise self._refusal()
            time.sleep(SETTLING)
        self._renewing.start()

    def check(self) -> None:
        """SettingsError where the turn was lost, as by a machine that slept."""
        if self._held_by() != self.holder:
            raise self._refusal()

    def give_back(self) -> None:
        """Let the next one in."""
        self._over.set()
        self._renewing.join()
        if self._held_by() == self.holder:
            self._write(until=0.0)

    def _taken(self) -> bool:
        if self._held_by() not in ("", self.holder):
            return False
        self._write(time.time() + LASTS)
        time.sleep(SETTLING)
        return self._held_by() == self.holder

    def _renew(self) -> None:
        while not self._over.wait(LASTS / 4):
            try:
                if self._held_by() == self.holder:
                    self._write(time.time() + LASTS)
            except EngineAwayError:
                continue  # the build itself says so, if the server stays away

    def _held_by(self) -> str:
        """Who has the turn: no one where the lease is over, or its holder a process of this machine that is gone."""
        rows = self.link.query(PIECES, f'pk == "{LEASE}"', ("text",))
        if not rows:
            return ""
        lease = json.loads(rows[0]["text"])
        gone = lease["host"] == socket.gethostname() and not _runs(lease["process"])
        return "" if gone or lease["until"] < time.time() else str(lease["holder"])

    def _write(self, until: float) -> None:
        lease = {"holder": self.holder, "host": socket.gethostname(), "process": os.getpid(), "until": until}
        row = {
            "pk": LEASE,
            "owner": LEASE,
            "text": json.dumps(lease),
            "place": 0,
            "count": 1,
            "vector": list(NO_VECTOR),
        }
        self.link.upsert(PIECES, [row])

    def _refusal(self) -> SettingsError:
        address = self.link.address
        return SettingsError(
            f"{address.uri}: another process is writing the corpus {address.name}; try again when it is done"
        )


@contextmanager
def turn(link: Link) -> Iterator[Lease]:
    """The one writer's turn while the block runs."""
    lease = Lease(link)
    lease.take()
    try:
        yield lease
    finally:
        lease.give_back()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
