"""The exported encoder against sentence-transformers, and where its tokens stand in the text."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from index.encoder import LONGEST_CONTEXT, Encoder, Tokens, sums_overflow
from index.encoding import context_of, entry_key, make_entry, sentence_starts
from index.engine import fold, unit
from index.late import decompress, shorten
from index.models import PACKAGE
from index.store import encode_some, open_store
from ingest.model import Passage, Span
from tests.built import shipped_index
from tests.texts import shipped

DOCS = ("book", "abstract", "new-openings", "eu-mia")
PASSAGES: tuple[Passage, ...] = tuple(passage for doc in DOCS for passage in shipped(doc)[1])


@cache
def encoder() -> Encoder:
    return Encoder(open_store(shipped_index()).encoder_folder)


def encode(context: str, text: str) -> Tokens:
    return encoder().encode_passage(context, text)


def test_vectors_of_sentences_are_those_of_the_model() -> None:
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    model = SentenceTransformer(str(Path(spec.origin).parent / "model"), device="cpu")
    sentences = [shipped(p.span.doc)[0][span] for p in PASSAGES for span in p.sentences if 20 < len(span) < 400][::5]
    assert len(sentences) >= 200
    expected = model.encode(sentences[:200], normalize_embeddings=True, show_progress_bar=False)
    made = np.stack([encoder().encode_query(sentence).pooled for sentence in sentences[:200]])
    cosines = (made * expected).sum(axis=1)
    assert cosines.min() >= 0.98


@pytest.mark.parametrize("passage", PASSAGES[3::60], ids=lambda passage: str(passage.span))
def test_offsets_lead_back_to_the_text(passage: Passage) -> None:
    context = context_of(passage)
    tokens = encode(context, passage.text)
    own = tokens.pieces[tokens.context :]
    assert len(own) == len(tokens.offsets)
    assert len(tokens.pieces) == len(tokens.vectors)
    for piece, (start, end) in zip(own.tolist(), tokens.offsets.tolist(), strict=True):
        written = (encoder().tokenizer.id_to_token(piece) or "").removeprefix("##")
        assert written in (fold(passage.text[start:end]), "[UNK]")
    before = encoder().tokenizer.encode(context, add_special_tokens=False).ids
    assert tokens.pieces[: tokens.context].tolist() == before[-LONGEST_CONTEXT:]


def test_vectors_have_unit_length_and_the_passage_s_is_the_mean_of_its_own() -> None:
    tokens = encode("A title. ", "The police and social workers meet every week.")
    opening, closing = encoder().tokenizer.encode("").ids
    raw = encoder().run([opening, *tokens.pieces.tolist(), closing])
    np.testing.assert_allclose(np.linalg.norm(tokens.vectors, axis=1), 1, atol=1e-5)
    assert np.linalg.norm(tokens.pooled) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(tokens.vectors, unit(raw[1:-1]), atol=1e-6)
    np.testing.assert_allclose(tokens.pooled, unit(raw[1 + tokens.context : -1].mean(axis=0)), atol=1e-6)


def test_a_context_changes_the_vectors_but_not_the_tokens() -> None:
    with_title, without = encode("Birds. ", "They have long tails."), encode("", "They have long tails.")
    assert with_title.pieces[with_title.context :].tolist() == without.pieces.tolist()
    assert (with_title.offsets == without.offsets).all()
    assert 0.5 < with_title.pooled @ without.pooled < 0.9999


def test_vectors_do_not_depend_on_neighbours() -> None:
    some = PASSAGES[100:106]
    for passage, entry in zip(some, encode_some(encoder().folder, [(one, "") for one in some]), strict=True):
        alone = make_entry(encoder(), passage, "")
        assert (entry.tokens == alone.tokens).all()
        assert (entry.vector == encode(context_of(passage), passage.text).pooled).all()


def test_a_long_text_is_read_in_parts_to_its_end() -> None:
    text = "police and social work " * 400
    tokens = encode("A title. ", text)
    assert tokens.offsets[-1].tolist() == [len(text) - 5, len(text) - 1]
    assert len(tokens.vectors) == tokens.context + 1600
    np.testing.assert_allclose(np.linalg.norm(tokens.vectors, axis=1), 1, atol=1e-5)


def test_of_a_long_context_the_end_is_kept() -> None:
    tokens = encode("many words " * 200 + "the last title", "Text.")
    assert tokens.context == LONGEST_CONTEXT
    assert encoder().tokenizer.id_to_token(int(tokens.pieces[tokens.context - 1])) == "title"


def test_a_long_question_is_cut_at_the_model_s_limit() -> None:
    tokens = encoder().encode_query("police " * 1000)
    assert len(tokens.pieces) == len(tokens.vectors) == len(tokens.offsets) == encoder().limit - 2


@pytest.mark.parametrize("text", ["", " ", "\u200b"])
def test_an_empty_text_has_a_vector_and_no_tokens(text: str) -> None:
    for tokens in (encode("", text), encoder().encode_query(text)):
        assert (len(tokens.pieces), tokens.offsets.shape) == (0, (0, 2))
        assert np.linalg.norm(tokens.pooled) == pytest.approx(1, abs=1e-5)


def test_a_sentence_s_vector_is_that_of_the_sentence_alone() -> None:
    passage = PASSAGES[100]
    entry = make_entry(encoder(), passage, "key")
    for vector, span in zip(entry.sentences, passage.sentences, strict=True):
        sentence = passage.text[span.start - passage.span.start : span.end - passage.span.start]
        assert (vector == encoder().encode_query(sentence).pooled).all()


def test_a_passage_without_sentences_has_one_vector_for_its_text() -> None:
    passage = replace(PASSAGES[100], sentences=())
    entry = make_entry(encoder(), passage, "key")
    assert (entry.sentences == encoder().encode_alone(passage.text)).all()
    assert entry.starts.tolist() == [0, len(entry.tokens) - len(encode("", passage.text).pieces)]


def test_a_long_sentence_is_read_to_its_end() -> None:
    short, long = encoder().encode_alone("police " * 500), encoder().encode_alone("police " * 500 + "birds " * 500)
    assert short @ long < 0.95


def test_every_sentence_begins_with_its_own_first_token() -> None:
    for passage in PASSAGES[::60]:
        tokens = encode(context_of(passage), passage.text)
        starts = sentence_starts(passage, tokens)
        assert starts[0] == 0
        assert len(starts) == max(1, len(passage.sentences))
        for start, span in zip(starts[1:].tolist(), passage.sentences[1:], strict=True):
            assert tokens.offsets[start, 0] >= span.start - passage.span.start > tokens.offsets[start - 1, 0]


def test_an_entry_holds_what_the_encoder_made() -> None:
    passage = PASSAGES[100]
    entry = make_entry(encoder(), passage, "key")
    tokens = encode(context_of(passage), passage.text)
    assert (entry.passage, entry.key) == (passage, "key")
    assert (entry.pieces == tokens.pieces).all()
    assert entry.starts[:2].tolist() == [0, tokens.context]
    assert (entry.vector == tokens.pooled).all()
    near = unit(decompress(entry.tokens)) * shorten(tokens.vectors, encoder().projection)
    assert near.sum(axis=1).min() > 0.95


def test_a_key_changes_with_all_that_vectors_depend_on() -> None:
    passage = Passage("p", Span("d", 5, 13), ("Title",), "prose", "One. Two", (Span("d", 5, 9), Span("d", 10, 13)))
    moved = Passage("q", Span("e", 0, 8), ("Title",), "prose", "One. Two", (Span("e", 0, 4), Span("e", 5, 8)))
    key = entry_key(passage, "model")
    assert key == entry_key(moved, "model")
    others = [
        entry_key(passage, "another"),
        entry_key(Passage("p", passage.span, ("Other",), "prose", passage.text, passage.sentences), "model"),
        entry_key(Passage("p", passage.span, ("Title",), "prose", "One. Too", passage.sentences), "model"),
        entry_key(Passage("p", passage.span, ("Title",), "prose", passage.text, ()), "model"),
    ]
    assert len({key, *others}) == 5


def test_sums_are_taken_to_overflow_where_the_processor_does_not_tell_otherwise(tmp_path: Path) -> None:
    told = tmp_path / "cpuinfo"
    assert sums_overflow(told)
    told.write_text("flags : avx2 fma\n", "utf-8")
    assert sums_overflow(told)
    told.write_text("flags : avx2 avx512_vnni\n", "utf-8")
    assert not sums_overflow(told)
