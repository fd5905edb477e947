"""Citing a sentence: the kind of match, the place, the record of it, and the reference, by library and command."""

from __future__ import annotations

import csv
import io
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.score import coverage
from index.engine import Where
from ingest.model import Span
from ipsqa import citing, paraphrases
from ipsqa.cli import run
from ipsqa.library import Library, open_library
from ipsqa.records import check_record, cite_record
from ipsqa.verdicts import report_lines, report_markdown, to_references
from tests.built import MANIFEST, shipped_index

QUESTIONS = Path(__file__).resolve().parent.parent / "evaluation" / "questions.jsonl"
KINDS = {"quote_exact": "exact", "quote_altered": "altered", "paraphrase": "paraphrase"}
MEDIATION = "Mediation is an alternative to the judicial system, nor does it attempt to remedy any of the shortcomings"
EDUCATION = "The municipality is also responsible for the quality of education"


@cache
def library() -> Library:
    return open_library(MANIFEST, shipped_index())


def judged(kind: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    return [row for row in rows if row["type"] == kind]


@pytest.mark.parametrize("kind", KINDS)
def test_judged_quotations_are_of_their_kind_and_in_their_place(kind: str) -> None:
    right, placed = [], []
    for item in judged(kind):
        match = library().cite(item["question"])
        right.append(match.match == KINDS[kind])
        (place, *_), evidence = (*match.places, *match.nearest), item["evidence"]
        placed.append(any(place.span.doc == e["doc"] and coverage(e["quote"], place.quote) >= 0.5 for e in evidence))
        if kind == "quote_altered":
            told = " ".join(f"{each.given} {each.source}" for each in match.differences)
            assert all(coverage(word[:12], told) for pair in item["altered"] for word in pair if word), item["id"]
    assert sum(right) >= (len(right) if kind != "paraphrase" else 8)
    assert sum(placed) >= (len(placed) if kind != "paraphrase" else 3)


def test_record_of_an_altered_quotation() -> None:
    record = cite_record(library().cite(MEDIATION), library(), "mla", 7)
    assert (record["id"], record["query"], record["match"], record["reason"]) == (7, MEDIATION, "altered", None)
    (difference,) = record["differences"]
    assert difference["given"] == "Mediation is an alternative"
    assert difference["source"] == "Mediation is not an alternative"
    assert (difference["kind"], difference["meaning"]) == ("missing", "a negation is lost")
    assert record["citation"]["in_text"] == "([Chapter on Spain] 111)"
    assert record["citation"] == record["passage"]["citation"]
    assert record["passage"]["quote_pages"] == {"first": "111", "last": "111", "certainty": "exact"}
    assert library().document("book")[Span("book", *record["passage"]["quote_span"])] == record["passage"]["quote"]
    assert record["alternatives"] == []


def test_words_pasted_with_their_marks_and_citation() -> None:
    for behind in (" (Susi & Heikkilä, 2011, p. 54)", " (Susi & Heikkilä (2011), p. 54).", ".[12]"):
        assert library().cite(f"“{EDUCATION}”{behind}").match == "exact"
    pasted = f" “{MEDIATION}” (Quinney, 2006)."
    (difference,) = library().cite(pasted).differences
    assert pasted[: difference.given_span[0]] == " “Mediation is"
    assert citing.words_in_marks("He said “one” and “two”.") is None


def test_all_places_are_given() -> None:
    record = cite_record(library().cite("social work"), library())
    assert record["match"] == "exact"
    assert len(record["alternatives"]) == citing.ELSEWHERE
    years = [place["doc"] for place in (record["passage"], *record["alternatives"])]
    assert years.index("book") == 0


def test_what_is_in_no_source_says_why_and_shows_the_nearest() -> None:
    for text, reason in (
        ("The Normans gave their name to a region in France.", "no source speaks of Normans"),
        ("In 1066 the duke crossed the sea with his men.", "no source speaks of 1066"),
        ("Seeds of the prime numbers glow beneath oxygen tanks.", "no passage says this, in these words or in others"),
    ):
        record = cite_record(library().cite(text), library())
        assert (record["match"], record["passage"], record["citation"]) == ("none", None, None)
        assert record["reason"] == reason
        assert len(record["nearest"]) == citing.SHOWN
    for text in ("", "A.", "..."):
        assert library().cite(text).reason == "there are no words to look for"
        assert library().cite(text).differences == ()


FOREIGN = """
Interest rates rise when central banks fear that prices grow too quickly.
The court held that the contract was void from the start.
Patients who sleep badly recover more slowly from surgery.
Voters in the countryside turned out in greater numbers than those in the towns.
Teachers found that pupils read more when they could choose the books.
The city council voted to widen the pavement in front of the station.
Universities compete for students from abroad because their fees pay for research.
The train was late because leaves lay on the rails.
"""


@pytest.mark.parametrize("sentence", FOREIGN.strip().split("\n"))
def test_sentences_of_elsewhere_are_of_no_source(sentence: str) -> None:
    assert library().cite(sentence).match == "none"


def test_a_paraphrase_rests_on_a_sentence() -> None:
    match = library().cite("Those taking part have grumbled that some of their placements never led to a job.")
    assert match.match == "paraphrase"
    assert match.places[0].quote.startswith("Complaints have been put forth from participants")
    assert match.places[0].span in match.places[0].passage.span
    again = library().cite("Those taking part have grumbled that some of their placements never led to a job.")
    assert again == match


def test_filters_keep_to_their_part() -> None:
    sentence = "Integration is a two-way process"
    only = library().cite(sentence, Where(docs=("new-openings",)))
    assert {place.span.doc for place in (*only.places, *only.nearest)} == {"new-openings"}
    nothing = library().cite("a sentence about the weather of the north", Where(docs=("nowhere",)))
    assert (nothing.match, nothing.nearest) == ("none", ())


def test_a_heading_is_found_though_no_passage_has_it() -> None:
    document = library().document("book")
    heading = next(section for section in document.sections if section.kind == "practice")
    (place, *_) = library().cite(heading.title).places
    assert place.passage.text
    assert library().references([place.span])[0].in_text


@pytest.mark.parametrize(
    ("met", "run"),
    [
        # One sentence meets all: no other is added. The scores are sums of weighted similarities.
        ([[0.2, 0.2], [0.9, 0.9], [0.3, 0.3]], (1, 1, 0.9)),
        # Two sentences meet one half each: 0.5 * 0.9 + 0.5 * 0.8, less the price of one more.
        ([[0.9, 0.1], [0.1, 0.8], [0.2, 0.2]], (0, 1, 0.85 - paraphrases.MORE)),
        # What a sentence adds is not worth its price.
        ([[0.5, 0.5], [0.5, 0.51]], (1, 1, 0.505)),
        # A run has no more than four sentences, however much a fifth would add.
        ([[0.8, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.8]], (0, 0, 0.4)),
    ],
)
def test_the_best_run_of_sentences(met: list[list[float]], run: tuple[int, int, float]) -> None:
    first, last, score = paraphrases._best_run(np.array(met, np.float32), np.array([0.5, 0.5], np.float32))
    assert (first, last) == run[:2]
    assert score == pytest.approx(run[2])


def test_paraphrases_are_told_and_led_to_their_sentences() -> None:
    """A seeded sample of those that `evaluation/quotations.py` scores: of all, .92 are told and .75 are in place."""
    rows = [json.loads(line) for line in (QUESTIONS.parent / "paraphrases.jsonl").read_text("utf-8").splitlines()]
    sample = random.Random(3).sample(rows, 24)
    matches = [library().cite(row["query"]) for row in sample]
    assert sum(match.match == "paraphrase" for match in matches) >= 20
    places = [next(iter((*match.places, *match.nearest))) for match in matches]
    right = [coverage(row["quote"], place.quote) >= 0.5 for row, place in zip(sample, places, strict=True)]
    assert sum(right) >= 15


DRAFT = f"“{MEDIATION}” ([Chapter on Spain], 2011, p. 112).\n"


def test_report_as_lines_markdown_and_json(tmp_path: Path) -> None:
    path = tmp_path / "draft.md"
    path.write_text(DRAFT, "utf-8")
    report = library().check(path)
    lines = report_lines(report).splitlines()
    changed = "“Mediation is an alternative” should be “Mediation is not an alternative” (p. 111); a negation is lost"
    assert lines[0] == f"{path}:1: altered: {changed}"
    assert lines[1] == f"{path}:1: wrong-page: p. 112 should be p. 111"
    assert "- line 1: **wrong-page**: p. 112 should be p. 111" in report_markdown(report)
    record = check_record(report)
    assert [finding["kind"] for finding in record["findings"]] == ["altered", "wrong-page"]
    assert record["findings"][1]["fix"] == {"span": [DRAFT.index("112"), DRAFT.index("112") + 3], "words": "111"}
    assert record["findings"][1]["work"] == "book-5"
    path.write_text("Nothing is quoted here.\n", "utf-8")
    assert report_lines(library().check(path)) == ""
    assert "Nothing is wrong." in report_markdown(library().check(path))


def test_references_of_what_was_found() -> None:
    record = cite_record(library().cite(MEDIATION), library())
    assert "ID  - book-5" in to_references(record, library().works, "ris")


def command(*words: str) -> int:
    return run([*words, "--corpus", str(MANIFEST), "--index", str(shipped_index())])


def test_cite_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("cite", MEDIATION, "--style", "harvard") == 0
    shown = capsys.readouterr().out
    assert "altered: the source's words are others" in shown
    assert "“Mediation is an alternative” should be “Mediation is not an alternative”; a negation is lost" in shown
    assert "([Chapter on Spain], 2011, p. 111)" in shown
    assert command("cite", "social work", "--format", "csv") == 0
    assert len(list(csv.reader(io.StringIO(capsys.readouterr().out)))) == 2 + citing.ELSEWHERE
    assert command("cite", "The Normans gave their name to a region.", "--format", "md") == 0
    assert "not in the sources: no source speaks of Normans" in capsys.readouterr().out.replace("\\", "")
    assert command("cite", EDUCATION, "--format", "bibtex") == 0
    assert capsys.readouterr().out.startswith("@incollection{book-6,")
    batch = tmp_path / "batch.jsonl"
    batch.write_text(json.dumps({"id": "a", "query": EDUCATION}) + "\n", "utf-8")
    assert command("cite", "--batch", str(batch)) == 0
    assert json.loads(capsys.readouterr().out)["match"] == "exact"
    assert command("cite", EDUCATION, "--style", "nonsense") == 1
    assert "no such citation style" in capsys.readouterr().err


def test_check_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, clean = tmp_path / "draft.md", tmp_path / "clean.md"
    path.write_text(DRAFT, "utf-8")
    clean.write_text("Nothing.\n", "utf-8")
    assert command("check", str(path), "--fix") == 1
    shown = capsys.readouterr()
    assert f"{path}:1: wrong-page: p. 112 should be p. 111" in shown.out
    assert f"corrected copy: {tmp_path / 'draft.fixed.md'}" in shown.err
    assert (tmp_path / "draft.fixed.md").read_text("utf-8") == DRAFT.replace("is an", "is not an").replace("112", "111")
    assert command("check", str(clean), "--fix") == 0
    assert "nothing to correct" in capsys.readouterr().err
    assert command("check", str(clean), "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []
    assert command("check", str(path), str(clean), "--format", "json") == 1
    assert [len(json.loads(line)["findings"]) for line in capsys.readouterr().out.splitlines()] == [2, 0]
    assert command("check", str(path), "--format", "md") == 1
    assert capsys.readouterr().out.startswith("# draft.md")
    assert command("check", str(path), "--format", "csv") == 2
    assert command("check", str(tmp_path / "none.md")) == 1
    assert "none.md: cannot be read" in capsys.readouterr().err
