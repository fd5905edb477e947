"""Hashes of files, remembered by size and time: a large corpus is not read to tell that it is the same."""

from __future__ import annotations

import json
import time
from pathlib import Path

from index.disk import file_hash, write_json

STAMPS = "stamps.json"

FRESH = 2.0
"""Seconds for which a file's time may not yet tell one change from the next."""

Stamp = tuple[int, int, str]


class Stamps:
    """The size, time and hash of each file when it was last read, kept in the index's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / STAMPS
        self._known: dict[str, Stamp] = _read(self._path)
        self._now: dict[str, Stamp] = {}

    def hash_of(self, path: Path) -> str:
        """The file's sha256, in hex; OSError where it cannot be read."""
        state = path.stat()
        size, changed, known = self._known.get(str(path), (-1, -1, ""))
        if (state.st_size, state.st_mtime_ns) != (size, changed):
            known = file_hash(path)
        if time.time() - state.st_mtime > FRESH:
            self._now[str(path)] = (state.st_size, state.st_mtime_ns, known)
        return known

    def save(self) -> None:
        """Keep what was asked for."""
        write_json(self._path, {path: list(stamp) for path, stamp in self._now.items()})


def _read(path: Path) -> dict[str, Stamp]:
    try:
        known = json.loads(path.read_text("utf-8"))
        return {file: (int(size), int(changed), str(digest)) for file, (size, changed, digest) in known.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
