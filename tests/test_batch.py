"""Batches: which line asks what, and what is said of a line that asks nothing."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from index.engine import SettingsError
from ipsqa.batch import Asked, read_batch


def written(folder: Path, text: bytes) -> Path:
    file = folder / "queries.txt"
    file.write_bytes(text)
    return file


def test_plain_lines_are_numbered_from_one_and_empty_ones_passed_over(tmp_path: Path) -> None:
    file = written(tmp_path, "\ufeffwho?\n\n  where?  \r\n".encode())
    assert list(read_batch(file)) == [Asked("1", "who?"), Asked("3", "where?")]


def test_json_lines_keep_their_ids(tmp_path: Path) -> None:
    file = written(tmp_path, b'{"id": 7, "query": "who?"}\n{"query": "where?"}\nwhen?\n')
    assert list(read_batch(file)) == [Asked(7, "who?"), Asked("2", "where?"), Asked("3", "when?")]


def test_standard_input_is_read_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"who?\n")))
    assert list(read_batch(Path("-"))) == [Asked("1", "who?")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": 1}', 'not a JSON object with a "query"'),
        (b'{"id": 1, "query": 5}', 'not a JSON object with a "query"'),
        (b'{"id": 1, "query": "cut', 'not a JSON object with a "query"'),
        (b'{"a":' * 100_000, 'not a JSON object with a "query"'),
        (b"caf\xe9", "not UTF-8 text"),
    ],
)
def test_a_line_that_asks_nothing_is_named(tmp_path: Path, line: bytes, reason: str) -> None:
    file = written(tmp_path, b"who?\n" + line + b"\n")
    queries = read_batch(file)
    assert next(queries) == Asked("1", "who?")
    with pytest.raises(SettingsError, match=f"queries.txt:2: {reason}"):
        next(queries)
