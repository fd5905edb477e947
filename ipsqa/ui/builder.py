"""Building the index while people wait: one build at a time, watched by any number of sessions."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import streamlit as st

from index.engine import Settings, SettingsError
from index.opening import build_engine
from ingest.manifest import load
from ingest.model import CorpusError
from ipsqa.building import STAGES
from ipsqa.library import Places

SHARES = {"read": (0.0, 0.1), "export": (0.1, 0.4), "encode": (0.4, 0.95), "write": (0.95, 1.0)}
"""From where to where each stage moves the bar: what each took of the first build of a book."""

FIRST = "Opening the corpus"


class Builder:
    """Builds one index, in a thread that goes on when the session that asked for it has left."""

    def __init__(self, found: Places) -> None:
        self._found = found
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.share, self.said = 0.0, FIRST
        self.fault = ""
        self.unread: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        """Whether a build is under way."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start a build, unless one is under way."""
        with self._lock:
            if not self.running:
                self.share, self.said, self.fault, self.unread = 0.0, FIRST, "", ()
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            report = build_engine(
                load(self._found.manifest), self._found.folder, self._found.uri, Settings(), self._tell
            )
        except (CorpusError, SettingsError, OSError) as error:
            self.fault = str(error)
        else:
            self.unread = tuple(report.failures.values())

    def _tell(self, stage: str, done: int, total: int) -> None:
        start, end = SHARES[stage]
        self.share = start + (end - start) * min(1.0, done / max(1, total))
        self.said = STAGES[stage] + (f": {done} of {total}" if stage == "encode" else "")


@st.cache_resource(show_spinner=False)
def builder_at(manifest: str, folder: str, uri: str = "") -> Builder:
    """The builder of an index, the same for all sessions."""
    return Builder(Places(Path(manifest), Path(folder), uri))


def watch(work: Builder, pause: float = 0.2) -> None:
    """Show a build until it ends."""
    bar = st.progress(work.share, text=work.said)
    while work.running:
        time.sleep(pause)
        bar.progress(work.share, text=work.said)
    bar.empty()
