"""Ask: a question in, an answer in the sources' own words out, each sentence with the place where it stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import streamlit as st

from index.engine import Where
from ipsqa.answer import Answer, Citation
from ipsqa.library import Library
from ipsqa.ui import address, cards, desk, filters, rooms, wording
from ipsqa.ui.markup import Mark, as_label, chip, escape, note

EXAMPLES = "examples.toml"
"""The file beside a corpus's manifest that holds questions to offer to somebody new to it."""

LONGEST = 600
HISTORY = 8
SURENESS = {
    "very likely": "The sources very likely answer this.",
    "likely": "The sources likely answer this; read the passages to be sure.",
    "about even": "The sources perhaps answer this: read the passages before you rely on it.",
    "unlikely": "The sources probably do not answer all of this: read the passages before you rely on it.",
}


def show(library: Library) -> None:
    """The page."""
    question = address.read("q").strip()
    st.html(f'<h1 class="{"unseen" if question else ""}">Ask a book, get the page.</h1>')
    if not question:
        st.html(f'<p class="lede">{escape(_holdings(library))}</p>')
    where = _box(library)
    if question:
        _answer(library, question, where)
    else:
        _examples(library)
    _history(question)


def _holdings(library: Library) -> str:
    works = len(library.documents)
    return (
        f"Questions are answered from {works} {'text' if works == 1 else 'texts'}, in their own words, "
        "each sentence with the printed page it stands on."
    )


def _box(library: Library) -> Where:
    with st.container(horizontal=True, key="box", vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Your question",
            type="search",
            placeholder="Ask in your own words",
            icon="",
            label_visibility="collapsed",
            **address.held("q", resets=("after",)),
        )
        st.button("Ask", type="primary", **address.pressed("q", ("after",)))
    return filters.show_filters(library)


def _answer(library: Library, question: str, where: Where) -> None:
    if problem := unaskable(question):
        st.html(note(problem))
        return
    after = address.read("after").strip()[:LONGEST]
    answer = desk.remembered(
        "answer", library, (question, where, after), lambda: wording.ask(library, question, where, after)
    )
    _remember(question)
    if after:
        st.html(note(f"Going on from “{after}”", "aside"))
    for line in answer.request.notes:
        st.html(note(line, "aside"))
    if answer.answered:
        _show_answer(library, answer)
    else:
        _show_refusal(library, answer)


def unaskable(question: str) -> str:
    """What is wrong with a question before it is put, empty where nothing is."""
    if len(question) > LONGEST:
        return (
            f"That is {len(question):,} characters long; a question may have {LONGEST}. "
            "To find where a longer text stands, paste it on the page Cite."
        )
    if not any(len(word) > 1 for word in question.split()):
        return "One letter is too little to go by: write a question, or a few words."
    return ""


def _show_answer(library: Library, answer: Answer) -> None:
    paragraphs = "".join(f'<p class="answer">{paragraph}</p>' for paragraph in _paragraphs(answer))
    sure = f'<p class="note">{escape(how_sure(answer))}</p>'
    st.html(f'<section aria-label="Answer" id="answer">{paragraphs}{sure}{wording.left_out(answer)}</section>')
    _onwards(answer)
    _further(answer)
    st.html('<h2 class="next">Where it stands</h2>')
    for citations in _by_passage(answer.citations):
        _show_cited(library, citations)


def _paragraphs(answer: Answer) -> Iterator[str]:
    """The sentences as HTML, those from one passage together."""
    passages = {citation.n: citation.passage.id for citation in answer.citations}
    for _, together in groupby(answer.sentences, key=lambda sentence: {passages[n] for n in sentence.citations}):
        yield " ".join(
            f"{escape(sentence.text)}{''.join(chip(n, f'cite-{n}') for n in sentence.citations)}"
            for sentence in together
        )


def how_sure(answer: Answer) -> str:
    """How sure an answer is, and whose words it is in."""
    said = SURENESS[answer.likelihood]
    if answer.mode == "extractive":
        cut = any(mark in sentence.text for sentence in answer.sentences for mark in ("…", "..."))
        return f"{said} Quoted word for word{'; dots mark what is left out' if cut else ''}."
    worded = f"{said} Worded by a language model and checked against the passages below."
    return f"{worded} {wording.how_many(answer)}".strip()


def _by_passage(citations: Iterable[Citation]) -> Iterable[list[Citation]]:
    """The citations of each passage, in the order in which the answer comes to them."""
    grouped: dict[str, list[Citation]] = {}
    for citation in citations:
        grouped.setdefault(citation.passage.id, []).append(citation)
    return grouped.values()


def _show_cited(library: Library, citations: Sequence[Citation]) -> None:
    passage = citations[0].passage
    start = passage.span.start
    marks = [
        Mark(citation.span.start - start, citation.span.end - start, citation.n, f"cite-{citation.n}")
        for citation in citations
    ]
    numbers = ", ".join(str(citation.n) for citation in citations)
    cards.show_passage(
        library,
        passage,
        marks,
        place="cited",
        quoted=citations[0].span,
        say=f"source {numbers}" if len(citations) == 1 else f"sources {numbers}",
    )


def _onwards(answer: Answer) -> None:
    with st.container(horizontal=True, key="actions.onwards"):
        rooms.link_to("find", "All passages on this", topic=answer.request.given)


def _further(answer: Answer) -> None:
    """The box for a question that goes on from this one."""
    st.text_input(
        "A question that goes on from this one",
        key="further",
        placeholder="Ask further: and in Sweden?",
        label_visibility="collapsed",
        on_change=_go_on,
        args=(answer.request.given,),
    )


def _go_on(question: str) -> None:
    further = st.session_state["further"].strip()
    st.session_state["further"] = ""
    if further:
        address.change(q=further, after=question)


def _show_refusal(library: Library, answer: Answer) -> None:
    st.html(
        '<div class="plain" role="status"><strong>The sources do not answer this.</strong>'
        f"{escape(_sentence(answer.reason or ''))}</div>"
    )
    _onwards(answer)
    if answer.nearest:
        st.html('<h2 class="next">What they say nearby</h2>')
    for hit in answer.nearest:
        cards.show_passage(library, hit.passage, place="nearby")


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _examples(library: Library) -> None:
    if offered := examples(library.places.manifest.parent / EXAMPLES):
        with st.container(key="examples", gap=None):
            st.html('<p class="eyebrow">For example</p>')
            for room, text in offered:
                rooms.link_to(room, as_label(text), **{"topic" if room == "find" else "q": text})


def examples(file: Path) -> tuple[tuple[str, str], ...]:
    """The questions that a corpus offers, each with the room that answers it; none where it offers none."""
    if not file.is_file():
        return ()
    offered = tomllib.loads(file.read_text("utf-8"))
    return tuple((str(example.get("room", "ask")), str(example["text"])) for example in offered.get("example", ()))


def _remember(question: str) -> None:
    asked = [other for other in st.session_state.get("asked", ()) if other != question]
    st.session_state["asked"] = [question, *asked][: HISTORY + 1]


def _history(question: str) -> None:
    earlier = [other for other in st.session_state.get("asked", ()) if other != question][:HISTORY]
    if earlier:
        with st.container(key="history", gap=None):
            st.html('<p class="eyebrow">Asked before</p>')
            for other in earlier:
                rooms.link_to("ask", as_label(other), q=other)
