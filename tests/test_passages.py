"""Passages: whole sentences of one section, each the document's own words, none too long."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ingest.model import HEADED, Span
from ingest.passages import LEAST, MOST, cut_passages, split_sentences
from tests.texts import document, shipped

DOCS = ("book", "abstract", "new-openings", "eu-mia")


@pytest.mark.parametrize("doc", DOCS)
def test_a_passage_is_the_documents_own_words(doc: str) -> None:
    made, passages = shipped(doc)
    for passage in passages:
        assert made[passage.span] == passage.text
        assert passage.sentences[0].start == passage.span.start
        assert passage.sentences[-1].end == passage.span.end
        assert all(one.end <= other.start for one, other in zip(passage.sentences, passage.sentences[1:], strict=False))


@pytest.mark.parametrize("doc", DOCS)
def test_a_passage_stands_in_one_section(doc: str) -> None:
    made, passages = shipped(doc)
    headed = [section for section in made.sections if section.kind in HEADED]
    for passage in passages:
        assert all(passage.span in section.span or not passage.span.overlaps(section.span) for section in headed)
        assert passage.path == tuple(section.name for section in headed if passage.span in section.span)


@pytest.mark.parametrize("doc", DOCS)
def test_passages_are_apart_and_cover_the_prose(doc: str) -> None:
    made, passages = shipped(doc)
    assert all(one.span.end <= other.span.start for one, other in pairwise(passages))
    covered = sum(len(passage.span) for passage in passages)
    titles = sum(section.body - section.span.start for section in made.sections if section.kind in HEADED)
    assert covered + titles > 0.98 * len(made.text)


def test_prose_passages_keep_to_their_length() -> None:
    words = [len(passage.text.split()) for passage in shipped("book")[1] if passage.kind == "prose"]
    assert max(words) <= MOST
    assert sum(count >= LEAST for count in words) / len(words) > 0.94


def test_ids_are_steady_and_no_two_are_the_same() -> None:
    made, passages = shipped("book")
    assert [passage.id for passage in cut_passages(made)] == [passage.id for passage in passages]
    assert len({passage.id for passage in passages}) == len(passages)


def test_a_passage_knows_its_authors_and_its_country() -> None:
    passage = next(p for p in shipped("book")[1] if "Refugees also began to arrive in Tampere" in p.text)
    assert passage.authors == ("Riikka Susi", "Elli Heikkilä")
    assert passage.country == "Finland"
    assert passage.path[-1] == "Regional work in Hervanta, Tampere"
    spanish = next(p for p in shipped("book")[1] if p.country == "Spain")
    assert spanish.authors == ()
    assert shipped("new-openings")[1][0].authors == ("Sari Vanhanen", "Elli Heikkilä")


@pytest.mark.parametrize(
    ("paragraph", "count"),
    [
        ("Many came to Tampere. (Interview 16, 2010; cf. Pikkarainen & Wilkman 2008, 29). A centre opened.", 2),
        ("It rose to 4.4% in 2009. It fell later.", 2),
        ("Dr. A. B. Smith et al. agree, e.g. in Spain, i.e. in the south. We do not.", 2),
        ("They share functions with them; they also meet (see p. 12). Good.", 2),
        ("One only", 1),
        ("Is it so? It is! So be it.", 3),
    ],
)
def test_sentences_are_split_where_a_reader_would(paragraph: str, count: int) -> None:
    made = document(paragraph)
    found = split_sentences(made, Span("text", 0, len(made.text)))
    assert len(found) == count
    assert "".join(made[span].replace(" ", "") for span in found) == paragraph.replace(" ", "")


def test_a_text_without_headings_is_cut_all_the_same() -> None:
    passages = cut_passages(document(" ".join(["A short sentence stands here."] * 60)))
    assert [len(passage.text.split()) for passage in passages] == [150, 150]
    assert passages[0].path == ()


def test_a_sentence_longer_than_any_passage_stands_alone() -> None:
    passages = cut_passages(document("Go. " + " and on " * 150 + "on. Stop here now."))
    assert max(len(passage.sentences) for passage in passages if len(passage.text.split()) > MOST) == 1
