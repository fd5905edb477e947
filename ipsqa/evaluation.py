"""Measures on judged questions and topics: how much is found, answered and refused, and how sure the figures are."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
from ir_measures import AP, RR, R, SetF, SetP, SetR, nDCG
from numpy.typing import NDArray

from index.engine import SettingsError
from index.terms import index_terms
from ingest.model import Passage
from ipsqa.answer import LIKELIHOODS, Answer
from ipsqa.bearing import numbers_of
from ipsqa.library import Library

SHINGLE, STEP, COVERED = 20, 5, 0.5
"""A text bears a judged quote that shares half of its runs of 20 letters, taken every 5, spaces and marks aside."""

SHIPPED = Path(__file__).resolve().parent.parent / "evaluation"
"""The judged questions and topics of the shipped corpus."""

REWORDED = 0.5
"""The share of its words that a sentence has in common with the quote that bears it."""

DEPTH = 20
SEARCH_MEASURES = (R @ 5, R @ 10, nDCG @ 10, RR @ 10, AP)
FIND_MEASURES = (SetP, SetR(rel=2), SetF)
UNANSWERABLE = "unanswerable"
ASKED = ("factoid", "descriptive", "multi")
BINS = 5
ROUNDS = 2_000
"""Resamples behind an interval or a p-value: the last digit shown no longer moves."""

Grades = Mapping[str, int]
Values = Mapping[str, Mapping[str, float]]
"""The value of each measure for each query, by the query's id."""

_NOT_LETTERS = re.compile(r"[\W_]")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A judged place of a document: a quote, or source lines from `first` to `last`, both included, and a grade."""

    doc: str
    quote: str = ""
    first: int = 0
    last: int = 0
    grade: int = 1


@dataclass(frozen=True, slots=True)
class Judged:
    """A query with its judged places; `must` are those that an answer rests on, `may` others that bear it as well."""

    id: str
    kind: str
    text: str
    must: tuple[Evidence, ...]
    may: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """The mean of a measure over queries, and its 95 % interval."""

    mean: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def read_questions(file: Path) -> tuple[Judged, ...]:
    """The questions of a JSON lines file; SettingsError names a line that is none."""
    return tuple(
        Judged(
            id=str(record["id"]),
            kind=str(record.get("type", "all")),
            text=record["question"],
            must=tuple(map(_quoted, record["evidence"])),
            may=tuple(map(_quoted, [*(record.get("alt_evidence") or ()), *(record.get("also_ok") or ())])),
        )
        for record in _records(file, "question", "evidence")
    )


def read_topics(file: Path) -> tuple[Judged, ...]:
    """The topics of a JSON lines file; SettingsError names a line that is none."""
    return tuple(
        Judged(str(record["id"]), "topic", record["query"], tuple(map(_lined, record["judgments"])))
        for record in _records(file, "query", "judgments")
    )


def read_qrels(qrels: Path, queries: Path) -> tuple[tuple[Judged, Grades], ...]:
    """Queries (id, tab, text) with the grades that a TREC qrels file gives to passages, by their ids."""
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for qrel in ir_measures.read_trec_qrels(str(qrels)):  # type: ignore[no-untyped-call]
        grades[qrel.query_id][qrel.doc_id] = qrel.relevance
    given = (line.partition("\t") for line in queries.read_text("utf-8").splitlines() if line.strip())
    return tuple((Judged(ident, "all", text.strip(), ()), grades[ident]) for ident, _, text in given)


def _records(file: Path, *keys: str) -> Iterable[dict[str, Any]]:
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise SettingsError(f"{file}:{number}: not a JSON object: {error.msg}") from None
        missing = [key for key in ("id", *keys) if not isinstance(record, dict) or key not in record]
        if missing:
            raise SettingsError(f"{file}:{number}: {missing[0]} is missing")
        yield record


def _quoted(place: Mapping[str, Any]) -> Evidence:
    return Evidence(place["doc"], place["quote"])


def _lined(place: Mapping[str, Any]) -> Evidence:
    return Evidence(place["doc"], "", place["start_line"], place["end_line"], place["grade"])


@lru_cache(maxsize=10_000)
def squeeze(text: str) -> str:
    """`text` reduced to lower-case letters and digits."""
    return _NOT_LETTERS.sub("", text.lower())


def coverage(quote: str, text: str) -> float:
    """The share, from 0 to 1, of a quote's runs of letters that occur in `text`."""
    wanted, found = squeeze(quote), squeeze(text)
    if wanted in found:
        return 1.0
    starts = range(0, max(1, len(wanted) - SHINGLE + 1), STEP)
    return sum(wanted[start : start + SHINGLE] in found for start in starts) / len(starts)


def grades_of(judged: Judged, library: Library) -> Grades:
    """The grade of each relevant passage of a library, by its id."""
    grades: dict[str, int] = {}
    for passage in library.passages():
        found = [place.grade for place in (*judged.must, *judged.may) if _bears(passage, place, library)]
        if found:
            grades[passage.id] = max(found)
    return grades


def _bears(passage: Passage, place: Evidence, library: Library) -> bool:
    if passage.span.doc != place.doc:
        return False
    if place.quote:
        return coverage(place.quote, passage.text) >= COVERED
    first, last = library.document(place.doc).lines_of(passage.span)
    return first <= place.last and place.first <= last


def search_values(library: Library, questions: Sequence[Judged], graded: Sequence[Grades]) -> Values:
    """The measures of ranked search for each question."""
    run = [
        ir_measures.ScoredDoc(question.id, hit.passage.id, float(-rank))
        for question in questions
        for rank, hit in enumerate(library.search(question.text, DEPTH).hits)
    ]
    return _calculated(SEARCH_MEASURES, questions, graded, run)


def find_values(library: Library, topics: Sequence[Judged], graded: Sequence[Grades]) -> Values:
    """The measures of `find` for each topic, at the cut that it chose itself."""
    run = [
        ir_measures.ScoredDoc(topic.id, found.passage.id, found.relevance)
        for topic in topics
        for found in library.find(topic.text).passages
    ]
    return _calculated(FIND_MEASURES, topics, graded, run)


def _calculated(
    measures: Sequence[Any], items: Sequence[Judged], graded: Sequence[Grades], run: Sequence[ir_measures.ScoredDoc]
) -> Values:
    qrels = [
        ir_measures.Qrel(item.id, passage, grade)
        for item, grades in zip(items, graded, strict=True)
        for passage, grade in grades.items()
    ]
    values: dict[str, dict[str, float]] = {str(measure): {} for measure in measures}
    for metric in ir_measures.iter_calc(measures, qrels, run):
        values[str(metric.measure)][metric.query_id] = metric.value
    return values


def ask_values(library: Library, questions: Sequence[Judged], worded: bool = False) -> Values:
    """The measures of answers for each question that can be answered, and of refusals for each that cannot.

    With `worded` the answers are in the words of the language model that the environment names.
    """
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for question in questions:
        if question.kind not in (*ASKED, UNANSWERABLE):
            continue
        answer = library.ask_model(question.text) if worded else library.ask(question.text)
        values["confidence"][question.id] = answer.confidence
        if question.kind == UNANSWERABLE:
            values["refused"][question.id] = float(not answer.answered)
            continue
        values["answered"][question.id] = float(answer.answered)
        values["evidence"][question.id] = _evidence(question, answer)
        if answer.answered:
            values["words"][question.id] = float(sum(len(sentence.text.split()) for sentence in answer.sentences))
            values["cited well"][question.id] = _cited_well(question, answer)
            values["borne"][question.id] = _borne(answer)
            if worded:
                values["by the model"][question.id] = float(answer.mode == "model")
                values["dropped"][question.id] = float(answer.dropped)
    return values


def _evidence(question: Judged, answer: Answer) -> float:
    """The share of the judged places that the quotes of an answer bear."""
    if not answer.answered:
        return 0.0
    quotes = " ".join(citation.quote for citation in answer.citations)
    return float(np.mean([coverage(place.quote, quotes) >= COVERED for place in question.must]))


def _cited_well(question: Judged, answer: Answer) -> float:
    """The share of an answer's citations that share words with a judged place."""
    places = " ".join(place.quote for place in (*question.must, *question.may))
    return float(np.mean([coverage(citation.quote, places) > 0 for citation in answer.citations]))


def _borne(answer: Answer) -> float:
    """The share of an answer's citations whose quote bears the sentence that cites it: citation precision."""
    quotes = {citation.n: citation.quote for citation in answer.citations}
    pairs = [(sentence.text, quotes.get(n, "")) for sentence in answer.sentences for n in sentence.citations]
    return float(np.mean([bears(quote, text) for text, quote in pairs])) if pairs else 0.0


def bears(quote: str, text: str) -> bool:
    """Whether a quote has all numbers of a sentence, and its words as far as somebody who rewords them keeps them."""
    words, held = set(index_terms(text)), set(index_terms(quote))
    return set(numbers_of(text)) <= set(numbers_of(quote)) and len(words & held) >= REWORDED * len(words)


def auroc(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """The chance that a true one scores above a false one, ties counting half; NaN without one of either."""
    true = np.array([score for score, label in zip(scores, labels, strict=True) if label])
    false = np.array([score for score, label in zip(scores, labels, strict=True) if not label])
    if not (len(true) and len(false)):
        return float("nan")
    above = (true[:, None] > false[None, :]).mean() + (true[:, None] == false[None, :]).mean() / 2
    return float(above)


def calibration_error(scores: Sequence[float], labels: Sequence[bool], bins: int = BINS) -> float:
    """The mean distance between confidence and share of true ones, over bins of equal width (ECE).

    After: Guo, Pleiss, Sun and Weinberger 2017, On Calibration of Modern Neural Networks.
    """
    given, truth = np.asarray(scores, dtype=float), np.asarray(labels, dtype=float)
    places = np.minimum((given * bins).astype(int), bins - 1)
    gaps = [
        abs(given[places == place].mean() - truth[places == place].mean()) * (places == place).mean()
        for place in np.unique(places)
    ]
    return float(sum(gaps))


def figure(values: Sequence[float], seed: int = 0) -> Figure:
    """The mean of some values and its 95 % bootstrap interval (percentiles of resampled means)."""
    data = np.asarray(values, dtype=float)
    picks = np.random.default_rng(seed).integers(0, len(data), (ROUNDS, len(data)))
    low, high = np.percentile(data[picks].mean(axis=1), [2.5, 97.5])
    return Figure(float(data.mean()), float(low), float(high), len(data))


def p_value(one: Sequence[float], other: Sequence[float], seed: int = 0) -> float:
    """How likely a mean difference as large is when both settings are as good: paired randomisation, two-sided.

    After: Smucker, Allan and Carterette 2007, doi 10.1145/1321440.1321528.
    """
    gaps: NDArray[np.float64] = np.asarray(one, dtype=float) - np.asarray(other, dtype=float)
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (ROUNDS, len(gaps)))
    as_large = np.abs((signs * gaps).mean(axis=1)) >= abs(gaps.mean()) - 1e-12
    return float((as_large.sum() + 1) / (ROUNDS + 1))


def by_kind(values: Values, items: Sequence[Judged]) -> dict[str, dict[str, Figure]]:
    """Each measure's figure over all queries (`all`) and over those of each kind."""
    table: dict[str, dict[str, Figure]] = defaultdict(dict)
    kinds = {item.kind for item in items}
    for measure, each in values.items():
        groups: dict[str, list[float]] = defaultdict(list)
        for item in items:
            if item.id in each:
                groups["all"].append(each[item.id])
                if len(kinds) > 1:
                    groups[item.kind].append(each[item.id])
        for group, found in groups.items():
            table[group][measure] = figure(found)
    return dict(table)


def paired(one: Values, other: Values) -> dict[str, tuple[float, float]]:
    """The mean difference of each measure between two settings over the queries that both have, and its p-value."""
    gains = {}
    for measure, each in one.items():
        both = [ident for ident in each if ident in other.get(measure, {})]
        if both:
            mine, theirs = [each[ident] for ident in both], [other[measure][ident] for ident in both]
            gains[measure] = (float(np.mean(mine) - np.mean(theirs)), p_value(mine, theirs))
    return gains


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The values of every measure for each judged query, by what was measured: `search`, `find` or `ask`."""

    values: Mapping[str, Values]
    items: Mapping[str, Sequence[Judged]]

    def table(self, part: str) -> dict[str, dict[str, Figure]]:
        """The figures of a part, by kind of query."""
        return by_kind(self.values[part], self.items[part])


def evaluate(
    library: Library, questions: Sequence[Judged], topics: Sequence[Judged], worded: bool = False
) -> Evaluation:
    """Search, find and ask measured on judged questions and topics; `worded` as for `ask_values`."""
    searched = [question for question in questions if question.must]
    values = {
        "search": search_values(library, searched, [grades_of(question, library) for question in searched]),
        "find": find_values(library, topics, [grades_of(topic, library) for topic in topics]),
        "ask": ask_values(library, questions, worded),
    }
    items = {"search": searched, "find": topics, "ask": questions}
    return Evaluation({part: found for part, found in values.items() if items[part]}, items)


def evaluate_qrels(library: Library, judged: Sequence[tuple[Judged, Grades]]) -> Evaluation:
    """Search measured on judgments of passages by their ids."""
    items = [item for item, _ in judged]
    values = search_values(library, items, [grades for _, grades in judged])
    return Evaluation({"search": values}, {"search": items})


def decision(values: Values) -> dict[str, float]:
    """How well answering is told from refusing: AUROC, calibration error, and the mean of both rates."""
    confidence, refused = values.get("confidence", {}), values.get("refused", {})
    labels = [ident not in refused for ident in confidence]
    if len(set(labels)) < 2:
        return {}
    answered = values["answered"]
    scores = list(confidence.values())
    return {
        "AUROC": auroc(scores, labels),
        "calibration error": calibration_error(scores, labels),
        "balanced": float(np.mean([*answered.values()]) + np.mean([*refused.values()])) / 2,
    }


def decisions(values: Values, items: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """As `decision`, for the questions of each kind beside those without an answer."""
    found = {}
    for kind in ASKED:
        chosen = {item.id for item in items if item.kind in (kind, UNANSWERABLE)}
        row = decision(
            {name: {ident: value for ident, value in each.items() if ident in chosen} for name, each in values.items()}
        )
        if row:
            found[kind] = row
    return found


def sureness(values: Values) -> dict[str, dict[str, float]]:
    """For the answers that go under each word of likelihood: the confidence said, how many answer a question that has
    an answer, how many hold some of the judged evidence, and their number.
    """
    refused, evidence = values.get("refused", {}), values.get("evidence", {})
    shown = {**values.get("answered", {}), **{ident: 1 - value for ident, value in refused.items()}}
    rows: dict[str, list[tuple[float, float, float]]] = {word: [] for _, word in LIKELIHOODS}
    for ident, said in values.get("confidence", {}).items():
        if shown[ident]:
            rows[_word(said)].append((said, float(ident not in refused), float(evidence.get(ident, 0) > 0)))
    names = ("said", "answerable", "with evidence")
    return {
        word: {**dict(zip(names, map(float, np.mean(row, axis=0)), strict=True)), "answers": float(len(row))}
        for word, row in rows.items()
        if row
    }


def evaluation_record(found: Evaluation, other: Evaluation | None = None) -> dict[str, Any]:
    """The figures as JSON holds them; with `other`, what the first gains over it and how likely that is chance."""
    record: dict[str, Any] = {}
    for part, values in found.values.items():
        record[part] = {
            kind: {
                measure: [round(each, 4) for each in (value.mean, value.low, value.high)]
                for measure, value in row.items()
            }
            for kind, row in found.table(part).items()
        }
        if part == "ask":
            record["decision"] = _rounded(decision(values))
            by_each = decisions(values, found.items["ask"])
            record["decision by kind"] = {kind: _rounded(row) for kind, row in by_each.items()}
            record["sureness"] = {word: _rounded(row) for word, row in sureness(values).items()}
        if other:
            gains = paired(values, other.values[part])
            record[f"{part} gain"] = {
                name: {"gain": round(gain, 4), "p": round(p, 4)} for name, (gain, p) in gains.items()
            }
    return record


def _word(confidence: float) -> str:
    return next(word for least, word in LIKELIHOODS if confidence >= least)


def _rounded(row: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in row.items()}


def evaluation_lines(record: Mapping[str, Any]) -> Iterator[str]:
    """The figures as a person reads them."""
    for part, rows in record.items():
        yield part
        for name, values in rows.items():
            yield f"  {name:<18} {_line(values)}"


def _line(values: float | Mapping[str, Any]) -> str:
    if isinstance(values, float):
        return f"{values:.3f}"
    return "  ".join(f"{name} {_cell(value)}" for name, value in values.items())


def _cell(value: float | Sequence[float]) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    mean, low, high = value
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"
