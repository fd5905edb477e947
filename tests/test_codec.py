"""Dataclasses to JSON and back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.codec import describe, pack, unpack
from ingest.model import Document, Furniture, LineMark, Name, Span, Work
from tests.texts import shipped


@pytest.mark.parametrize("doc", ["book", "abstract", "new-openings", "eu-mia"])
def test_documents_come_back_as_they_were(doc: str) -> None:
    document = shipped(doc)[0]
    assert unpack(Document, json.loads(json.dumps(pack(document)))) == document


@given(st.builds(Furniture, line=st.integers(), text=st.text(), reason=st.text()))
def test_any_text_comes_back(furniture: Furniture) -> None:
    assert unpack(Furniture, json.loads(json.dumps(pack(furniture)))) == furniture


def test_what_is_missing_stays_missing() -> None:
    work = Work("w", Path("a/b.txt"), "book", "T", authors=(Name("A", "B"),))
    assert pack(work)[1] == "a/b.txt"
    assert unpack(Work, pack(work)) == work


def test_the_description_changes_with_the_fields() -> None:
    assert "LineMark(offset: <class 'int'>, line: <class 'int'>)" in describe(Document)
    assert describe(Span) != describe(LineMark)


def test_a_type_that_json_cannot_hold_is_refused() -> None:
    @dataclass(frozen=True)
    class Odd:
        parts: bytes

    with pytest.raises(TypeError, match="bytes"):
        unpack(Odd, [b""])
