"""An answer in the words of a language model: shown as its sentences pass, and what was dropped of it."""

from __future__ import annotations

import os
from collections.abc import Sequence

import streamlit as st

from index.engine import Where
from ipsqa.answer import Answer, Sentence
from ipsqa.library import Library
from ipsqa.llm import URL_VARIABLE
from ipsqa.ui.markup import escape, note


def ask(library: Library, question: str, where: Where, after: str) -> Answer:
    """The answer to a question; where a language model words it, its sentences are shown while it writes."""
    if not os.environ.get(URL_VARIABLE):
        return library.ask(question, where, after)
    place = st.empty()
    place.html(note("The language model is writing …"))

    def seen(sentences: Sequence[Sentence]) -> None:
        said = " ".join(escape(sentence.text) for sentence in sentences)
        place.html(f'<p class="answer">{said}</p>{note("Checked so far; the language model is writing …")}')

    answer = library.ask_model(question, where, after, seen)
    place.empty()
    return answer


def left_out(answer: Answer) -> str:
    """Why a language model did not word the answer, and which of its sentences were dropped, as HTML."""
    told = note(f"{answer.note[:1].upper()}{answer.note[1:]}.") if answer.note else ""
    if not answer.unborne:
        return told
    items = "".join(f"<li><s>{escape(each.text)}</s> – {escape(each.why)}</li>" for each in answer.unborne)
    return f'{told}<details class="note"><summary>{how_many(answer)}</summary><ul>{items}</ul></details>'


def how_many(answer: Answer) -> str:
    """How many of a language model's sentences were dropped, empty where none was."""
    match answer.dropped:
        case 0:
            return ""
        case 1:
            return "1 sentence that no source bore out was dropped."
        case many:
            return f"{many} sentences that no source bore out were dropped."
