"""Measures against values worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from index.engine import SettingsError
from ipsqa.evaluation import (
    Evaluation,
    Evidence,
    Figure,
    Judged,
    auroc,
    bears,
    by_kind,
    calibration_error,
    coverage,
    decisions,
    evaluation_lines,
    evaluation_record,
    figure,
    p_value,
    paired,
    read_qrels,
    read_questions,
    read_topics,
    squeeze,
    sureness,
)


def written(folder: Path, *records: object) -> Path:
    file = folder / "judged.jsonl"
    file.write_text("".join(f"{json.dumps(record)}\n\n" for record in records), "utf-8")
    return file


def test_coverage_counts_runs_of_letters_whatever_the_spacing() -> None:
    quote = "abcdefghij klmnopqrst uvwxyz0123"
    assert squeeze("Diff erent, häu-\nser_1") == "differenthäuser1"
    assert coverage(quote, f"... {quote.upper()} ...") == 1.0
    assert coverage(quote, "nothing") == 0.0
    # Runs begin at letters 0, 5 and 10 of 30; the first two end within the first 25.
    assert coverage(quote, "abcdefghijklmnopqrstuvwxy") == 2 / 3
    assert coverage("short", "long") == 0.0


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    assert auroc([0.9, 0.8, 0.3, 0.1], [True, False, True, False]) == 3 / 4
    assert auroc([0.5, 0.5], [True, False]) == 0.5
    assert math.isnan(auroc([0.5], [True]))


def test_calibration_error_is_the_gap_weighted_by_the_bin() -> None:
    # Two in the lowest bin (mean .1, half true), two in the highest (mean 1, all true).
    assert calibration_error([0.1, 0.1, 1.0, 1.0], [True, False, True, True]) == pytest.approx(0.5 * 0.4)


def test_an_interval_holds_the_mean_and_narrows_with_agreement() -> None:
    found = figure([0.0, 1.0] * 50)
    assert found.mean == 0.5
    # The standard error is .05: a 95 % interval spans nearly .2.
    assert found.high - found.low == pytest.approx(4 * 0.05, abs=0.02)
    assert figure([1.0, 1.0]) == Figure(1.0, 1.0, 1.0, 2)
    assert str(figure([1.0])) == "1.000 [1.000, 1.000]"


def test_p_values_tell_chance_from_difference() -> None:
    noise = np.random.default_rng(1).normal(size=40)
    assert p_value([1.0] * 20, [0.0] * 20) < 0.01
    assert p_value(list(noise), list(-noise)) > 0.1
    assert p_value([1.0, 0.0], [1.0, 0.0]) == 1.0


def test_settings_are_compared_query_by_query() -> None:
    assert paired({"R@5": {"a": 1.0, "b": 0.5}}, {"R@5": {"b": 0.5, "a": 0.0}})["R@5"][0] == 0.5


def test_figures_are_told_by_kind() -> None:
    items = [Judged("a", "factoid", "?", ()), Judged("b", "multi", "?", ()), Judged("c", "multi", "?", ())]
    table = by_kind({"R@5": {"a": 1.0, "b": 0.0}}, items)
    assert table["all"]["R@5"].mean == 0.5
    assert table["factoid"]["R@5"].mean == 1.0
    assert table["multi"]["R@5"].count == 1


def test_questions_and_topics_are_read(tmp_path: Path) -> None:
    place = {"doc": "book", "quote": "words"}
    file = written(tmp_path, {"id": 1, "type": "multi", "question": "?", "evidence": [place], "also_ok": [place]})
    evidence = Evidence("book", "words")
    assert read_questions(file) == (Judged("1", "multi", "?", (evidence,), (evidence,)),)
    lines = {"doc": "book", "start_line": 3, "end_line": 5, "grade": 2}
    file = written(tmp_path, {"id": "T", "query": "topic", "judgments": [lines]})
    assert read_topics(file) == (Judged("T", "topic", "topic", (Evidence("book", "", 3, 5, 2),)),)


@pytest.mark.parametrize(
    ("line", "reason"),
    [("{", "not a JSON object"), ("[]", "id is missing"), ('{"id": 1, "question": ""}', "evidence is missing")],
)
def test_a_line_that_judges_nothing_is_named(tmp_path: Path, line: str, reason: str) -> None:
    file = tmp_path / "judged.jsonl"
    file.write_text(f"\n{line}\n", "utf-8")
    with pytest.raises(SettingsError, match=f"judged.jsonl:2: {reason}"):
        read_questions(file)


def test_trec_judgments_are_read(tmp_path: Path) -> None:
    (tmp_path / "qrels").write_text("q1 0 p1 2\nq1 0 p2 0\n", "utf-8")
    (tmp_path / "queries").write_text("q1\thonour violence\n\nq2\tgangs\n", "utf-8")
    (first, grades), (second, none) = read_qrels(tmp_path / "qrels", tmp_path / "queries")
    assert (first.text, grades) == ("honour violence", {"p1": 2, "p2": 0})
    assert (second.id, none) == ("q2", {})


VALUES = {
    "confidence": {"a": 0.9, "b": 0.7, "c": 0.6, "x": 0.85, "y": 0.1},
    "answered": {"a": 1.0, "b": 1.0, "c": 0.0},
    "evidence": {"a": 0.5, "b": 0.0, "c": 0.0},
    "refused": {"x": 0.0, "y": 1.0},
}
KINDS = {"a": "factoid", "b": "descriptive", "c": "descriptive", "x": "unanswerable", "y": "unanswerable"}
ITEMS = [Judged(ident, kind, "?", ()) for ident, kind in KINDS.items()]


def test_the_decision_is_told_for_each_kind_beside_what_has_no_answer() -> None:
    found = decisions(VALUES, ITEMS)
    assert found["factoid"]["AUROC"] == 1.0
    # Of b and c, both stand above y and below x.
    assert found["descriptive"]["AUROC"] == 2 / 4
    # Half of b and c answered, half of x and y refused.
    assert found["descriptive"]["balanced"] == (1 / 2 + 1 / 2) / 2
    assert "multi" not in decisions({"confidence": {}}, ITEMS)


def test_sureness_is_told_by_the_word_for_it() -> None:
    found = sureness(VALUES)
    assert list(found) == ["very likely", "likely"]
    assert found["very likely"]["said"] == pytest.approx((0.9 + 0.85) / 2)
    assert (found["very likely"]["answerable"], found["very likely"]["with evidence"]) == (1 / 2, 1 / 2)
    assert found["likely"] == {"said": 0.7, "answerable": 1.0, "with evidence": 0.0, "answers": 1.0}


def test_a_quote_bears_a_sentence_that_has_its_numbers_and_words() -> None:
    quote = "In 2004 the town began four night buses, since young people had no way home."
    assert bears(quote, quote)
    assert bears(quote, "The buses were begun in 2004 for young people.")
    assert not bears(quote, "The buses were begun in 2005 for young people.")
    assert not bears(quote, "Six night buses were begun.")
    assert not bears(quote, "The harbour was dug by the monks of an abbey.")
    assert not bears("", "The harbour.")


def test_a_record_has_the_decision_by_kind_and_its_lines() -> None:
    record = evaluation_record(Evaluation({"ask": VALUES}, {"ask": ITEMS}))
    assert record["decision by kind"]["factoid"]["AUROC"] == 1.0
    assert record["sureness"]["likely"]["said"] == 0.7
    lines = list(evaluation_lines(record))
    assert "sureness" in lines
    assert any(line.startswith("  factoid            AUROC 1.000") for line in lines)
