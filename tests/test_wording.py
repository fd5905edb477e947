"""The Ask page where a language model words the answer."""

from __future__ import annotations

import pytest

import ipsqa
from tests.built import MANIFEST, shipped_index
from tests.endpoints import Reply, endpoint, failing, saying
from tests.test_app import QUESTION, html, room, said
from tests.test_markup import HOSTILE
from tests.test_writing import KEY, TRUE


@pytest.fixture(autouse=True)
def _library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSQA_CORPUS", str(MANIFEST))
    monkeypatch.setenv("IPSQA_INDEX", str(shipped_index()))
    monkeypatch.setenv("IPSQA_LLM_MODEL", "small")
    monkeypatch.setenv("IPSQA_LLM_KEY", KEY)


def page_by(reply: Reply, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The words and the HTML of the answer's page where an endpoint replies so."""
    with endpoint(reply) as server:
        monkeypatch.setenv("IPSQA_LLM_URL", server.url)
        app = room("ask", q=QUESTION)
        # Another run of the page does not ask again.
        app.run()
        assert len(server.asked) == 1
    assert KEY not in html(app)
    return said(app), html(app)


def test_a_worded_answer_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    words, body = page_by(saying(f"{TRUE} Next.", f" {HOSTILE} [1]. ", "The end. Yes."), monkeypatch)
    assert TRUE.removesuffix(" [1].") in words
    assert "Worded by a language model and checked against the passages below." in words
    assert "sentences that no source bore out were dropped." in words
    assert "it cites no passage" in words
    assert "<script" not in body
    assert 'id="cite-1"' in body
    assert "is writing" not in words


def test_one_sentence_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    words, _ = page_by(saying(f"{TRUE} The moon is cheese [1]."), monkeypatch)
    assert "1 sentence that no source bore out was dropped." in words
    assert "The moon is cheese. – the passage cited does not say this" in words


def test_where_the_model_fails_the_page_quotes_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    words, _ = page_by(failing(500), monkeypatch)
    assert "The endpoint of the language model failed (500): these are the sources' own words." in words
    answer = ipsqa.open(MANIFEST, shipped_index()).ask(QUESTION)
    assert all(sentence.text in words for sentence in answer.sentences)
    assert "Quoted word for word" in words
