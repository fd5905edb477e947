"""Many queries from a file: one a line, or a JSON object a line, each with an id that comes back with its answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from index.engine import SettingsError


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of a batch; `ident` is the id that was given, or else the number of its line, from 1, as a string."""

    ident: object
    query: str


def read_batch(file: Path) -> Iterator[Asked]:
    """The queries of a file (`-` is standard input), empty lines passed over; SettingsError names a line that is none.

    They come as they are read, so that a program at the other end of a pipe can wait for each answer.
    """
    if str(file) == "-":
        yield from _read_lines("standard input", iter(sys.stdin.buffer.readline, b""))
        return
    with file.open("rb") as lines:
        yield from _read_lines(str(file), lines)


def _read_lines(name: str, lines: Iterator[bytes]) -> Iterator[Asked]:
    for number, raw in enumerate(lines, 1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError:
            raise SettingsError(f"{name}:{number}: not UTF-8 text: save the file as UTF-8") from None
        if line:
            yield _asked(line, name, number)


def _asked(line: str, name: str, number: int) -> Asked:
    if not line.startswith("{"):
        return Asked(str(number), line)
    try:
        record = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        record = None
    if not isinstance(record, dict) or not isinstance(record.get("query"), str):
        raise SettingsError(f'{name}:{number}: not a JSON object with a "query": write {{"id": ..., "query": "..."}}')
    return Asked(record.get("id", str(number)), record["query"])
