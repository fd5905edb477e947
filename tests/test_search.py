"""Search of the shipped corpus by the real encoder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from index import local, search, vectors, writer
from index.engine import RANKINGS, Hit, Ranking, Where
from index.fusion import fuse, ranks
from index.search import Searcher
from index.store import build, open_store
from index.writer import LocalWriter
from ingest.manifest import Manifest
from ipsqa.evaluation import SHIPPED, read_questions
from tests.built import shipped_index

HERVANTA = "How did Hervanta reduce youth gang problems?"
QUESTIONS = (HERVANTA, "What do neighbourhood mediators do?", "cooperation of police and social work", "xqzw", "", "?")

TORCH = ("torch", "sentence_transformers", "transformers", "onnx", "rank_bm25")
"""What no search needs, and what takes seconds to load."""

LEAN = """
import sys
from pathlib import Path
from index.search import Searcher
from index.store import open_store
assert len(Searcher(open_store(Path(sys.argv[1]))).search(sys.argv[2], 3)) == 3
print(*sorted(set(sys.argv[3:]) & set(sys.modules)))
"""


@cache
def searcher() -> Searcher:
    return Searcher(open_store(shipped_index()))


def places(hits: tuple[Hit, ...]) -> list[int]:
    """Where the passages of hits stand in reading order."""
    order = {passage.id: place for place, passage in enumerate(searcher().engine.passages())}
    return [order[hit.passage.id] for hit in hits]


def test_the_passage_that_answers_comes_first() -> None:
    first = searcher().search(HERVANTA)[0].passage
    pages = searcher().engine.document(first.span.doc).pages_of(first.span)
    assert pages is not None
    assert (first.span.doc, pages.first) == ("book", "52")
    assert "Hervanta" in first.path[-1]


@pytest.mark.parametrize("text", QUESTIONS)
def test_hits_come_best_first_and_equals_in_reading_order(text: str) -> None:
    hits = searcher().search(text, 500)
    keys = [(-hit.score, place) for hit, place in zip(hits, places(hits), strict=True)]
    assert keys == sorted(keys)
    assert Searcher(open_store(shipped_index())).search(text, 500) == hits


def test_words_that_no_passage_holds_leave_reading_order_to_bm25() -> None:
    hits = Searcher(searcher().engine, {"bm25": 1.0}).search("xqzw", 20)
    assert places(hits) == list(range(20))
    assert {hit.score for hit in hits} == {0.0}


@pytest.mark.parametrize("ranking", RANKINGS)
def test_rankings_that_are_left_out_do_not_count(ranking: Ranking) -> None:
    alone = Searcher(searcher().engine, {ranking: 1.0})
    hits = alone.search(HERVANTA, 20)
    assert [hit.why for hit in hits] == [{ranking: place} for place in range(1, 21)]


def test_each_hit_tells_its_place_in_every_ranking() -> None:
    scores = searcher().score(HERVANTA)
    of = {passage.id: place for place, passage in enumerate(scores.passages)}
    for hit in searcher().search(HERVANTA, 5):
        place = of[hit.passage.id]
        assert hit.why == {ranking: ranks(getattr(scores, ranking))[place] for ranking in searcher().weights}
        assert hit.score == scores.fused[place]


def test_no_more_hits_than_passages_and_none_where_none_are_asked_for() -> None:
    assert len(searcher().search(HERVANTA, 10_000)) == searcher().engine.size
    assert [hit.score for hit in searcher().search(HERVANTA, 3)] == [
        hit.score for hit in searcher().search(HERVANTA, 10_000)[:3]
    ]
    assert searcher().search(HERVANTA, 0) == ()
    assert searcher().search(HERVANTA, -1) == ()


@pytest.mark.parametrize(
    "where", [Where(docs=("eu-mia",)), Where(countries=("Sweden", "spain")), Where(kinds=("table",), docs=("book",))]
)
def test_filters_hold_and_change_no_score(where: Where) -> None:
    hits = searcher().search(HERVANTA, 500, where)
    assert {hit.passage for hit in hits} == set(searcher().engine.passages(where)) != set()
    everything, some = searcher().score(HERVANTA), searcher().score(HERVANTA, where)
    chosen = [place for place, passage in enumerate(everything.passages) if where.matches(passage)]
    for ranking in RANKINGS:
        np.testing.assert_allclose(getattr(some, ranking), getattr(everything, ranking)[chosen], atol=1e-5)


def test_a_filter_that_lets_nothing_through_finds_nothing() -> None:
    assert searcher().search(HERVANTA, 10, Where(docs=("nowhere",))) == ()


def test_sentences_of_each_passage_have_their_scores() -> None:
    scores = searcher().score(HERVANTA)
    assert np.diff(scores.bounds).tolist() == [max(1, len(passage.sentences)) for passage in scores.passages]
    assert len(scores.sentence_cosine) == len(scores.sentence_late) == scores.bounds[-1]
    best = searcher().search(HERVANTA, 1)[0].passage
    place = list(scores.passages).index(best)
    span = best.sentences[scores.best_sentence(place)]
    own = slice(scores.bounds[place], scores.bounds[place + 1])
    assert scores.sentence[place] == scores.sentence_cosine[own].max()
    assert "calmed down" in best.text[span.start - best.span.start : span.end - best.span.start]


def test_fused_scores_are_those_of_the_fusion() -> None:
    scores = searcher().score(HERVANTA)
    assert (scores.fused == fuse(scores, searcher().weights)).all()


def test_a_misspelt_word_is_mended_and_told() -> None:
    scores = searcher().score("youth gangs in Hervnta")
    assert scores.also == ("Hervanta",)
    assert searcher().search("youth gangs in Hervnta", 5) == searcher().search("youth gangs in Hervanta", 5)


def made_large(folder: Path, full: int, exact: int = 100_000) -> Path:
    """The shipped passages in an index that is made as that of a large corpus, in parts of up to `full` passages."""
    shipped = shipped_index()
    (folder / "models").symlink_to(shipped / "models")
    old = open_store(shipped)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "EXHAUSTIVE", 50)
        patch.setattr(writer, "FULL", full)
        patch.setattr(vectors, "EXACT", exact)
        patch.setattr("index.part.EXACT", exact)
        made = LocalWriter(folder, old.generation.made, old.generation.sizes)
        for document in old.documents():
            made.put(document, old.part_of(document.id).entries(document.id))
        made.commit()
    return folder


@pytest.fixture(scope="module", params=[1_000, 12], ids=["in one part", "in several parts"])
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = made_large(tmp_path_factory.mktemp("large"), request.param)
    assert (len(open_store(folder).generation.parts) > 1) == (request.param < 1_000)
    return folder


@pytest.mark.parametrize("where", [Where(), Where(docs=("book",))])
def test_a_large_corpus_is_scored_in_part_and_each_passage_as_ever(
    large: Path, where: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything, query = searcher().score(HERVANTA), searcher().prepare(HERVANTA)
    monkeypatch.setattr(local, "EXHAUSTIVE", 50)
    some = open_store(large).candidates(query, 32, where)
    full = {passage.id: place for place, passage in enumerate(everything.passages)}
    chosen = [full[passage.id] for passage in some.passages]
    assert chosen == sorted(chosen)
    assert 32 <= len(chosen) <= 32 + 3 * (32 // local.FIRST) + local.EVENLY
    assert all(where.matches(passage) for passage in some.passages)
    allowed = [place for place, passage in enumerate(everything.passages) if where.matches(passage)]
    known: tuple[Ranking, ...] = ("bm25", "passage")
    for ranking in known:
        values = getattr(everything, ranking)
        assert set(sorted(allowed, key=lambda place: -values[place])[: 32 // local.FIRST]) <= set(chosen)
        np.testing.assert_allclose(some.typical[ranking], values[allowed], atol=1e-5)
    for ranking in RANKINGS:
        np.testing.assert_allclose(getattr(some, ranking), getattr(everything, ranking)[chosen], atol=1e-5)


@pytest.mark.parametrize("where", [Where(docs=("none",)), Where(kinds=("title",))])
def test_few_or_no_passages_of_a_large_corpus_are_shared_among_many_threads(
    large: Path, where: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_through = [passage.id for passage in searcher().engine.passages(where)]
    assert len(let_through) < 16
    monkeypatch.setattr(local, "EXHAUSTIVE", 50)
    monkeypatch.setattr(local, "PROCESSORS", 16)
    found = Searcher(open_store(large)).search(HERVANTA, 20, where)
    assert sorted(hit.passage.id for hit in found) == sorted(let_through)


def test_the_best_of_a_large_corpus_are_nearly_those_of_scoring_everything(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = [question.text for question in read_questions(SHIPPED / "questions.jsonl")][::5]
    best = [{hit.passage for hit in searcher().search(text)} for text in questions]
    monkeypatch.setattr(local, "EXHAUSTIVE", 50)
    monkeypatch.setattr(search, "CANDIDATES", 80)
    some = Searcher(open_store(large))
    shares = [
        len(every & {hit.passage for hit in some.search(text)}) / 10
        for every, text in zip(best, questions, strict=True)
    ]
    assert np.mean(shares) >= 0.95


@pytest.mark.parametrize("where", [Where(), Where(docs=("book",))])
def test_parts_that_tell_only_the_nearest_give_nearly_the_same(
    tmp_path: Path, where: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = [question.text for question in read_questions(SHIPPED / "questions.jsonl")][::5]
    best = [{hit.passage for hit in searcher().search(text, where=where)} for text in questions]
    monkeypatch.setattr(local, "EXHAUSTIVE", 50)
    monkeypatch.setattr(search, "CANDIDATES", 80)
    engine = open_store(made_large(tmp_path, 12, exact=100))
    assert {part.vectors.exact for part in engine.shelves.parts} == {True, False}
    some = Searcher(engine)
    shares = [
        len(every & {hit.passage for hit in some.search(text, where=where)}) / 10
        for every, text in zip(best, questions, strict=True)
    ]
    assert np.mean(shares) >= 0.95


def test_a_filter_that_lets_nothing_through_finds_nothing_in_a_large_corpus(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "EXHAUSTIVE", 50)
    assert Searcher(open_store(large)).search(HERVANTA, 10, Where(docs=("nowhere",))) == ()


def test_a_limit_above_the_size_of_a_large_corpus_gives_all_of_it(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything, query = searcher().score(HERVANTA), searcher().prepare(HERVANTA)
    monkeypatch.setattr(local, "EXHAUSTIVE", 50)
    scores = open_store(large).candidates(query, searcher().engine.size + 1)
    assert [passage.id for passage in scores.passages] == [passage.id for passage in everything.passages]
    np.testing.assert_allclose(fuse(scores, searcher().weights), everything.fused, atol=1e-4)


def test_as_many_hits_as_asked_for_come_from_a_large_corpus(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "EXHAUSTIVE", 50)
    monkeypatch.setattr(search, "CANDIDATES", 20)
    for k in (10, 120, 300):
        assert len(Searcher(open_store(large)).search(HERVANTA, k)) == k


def test_threads_may_share_it() -> None:
    shared = Searcher(open_store(shipped_index()))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(shared.search, QUESTIONS * 2))
    assert found == [searcher().search(text) for text in QUESTIONS] * 2


def test_an_empty_library_finds_nothing(tmp_path: Path) -> None:
    encoder = open_store(shipped_index()).encoder_folder
    shutil.copytree(encoder, tmp_path / "made" / "models" / encoder.name)
    report = build(Manifest(tmp_path / "corpus.toml", ()), tmp_path / "made")
    assert (report.documents, report.passages, report.encoded, report.changed) == (0, 0, 0, True)
    empty = Searcher(open_store(tmp_path / "made"))
    for text in QUESTIONS:
        assert empty.search(text) == ()
        assert empty.search(text, where=Where(docs=("book",))) == ()


def test_arrays_are_multiplied_by_the_thread_that_asks() -> None:
    searcher().search("a question asked by nobody else")
    pools = [pool for pool in threadpool_info() if "numpy" in pool["filepath"]]
    assert {pool["num_threads"] for pool in pools} == {1}


def test_a_search_loads_nothing_that_trains_models() -> None:
    command = [sys.executable, "-c", LEAN, str(shipped_index()), HERVANTA, *TORCH]
    searched = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=Path(local.__file__).parent.parent
    )
    assert searched.stdout.split() == []
