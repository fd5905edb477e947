"""What the pages say and do, without a browser: Streamlit's own test of an app, over the real library."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import ipsqa
from ipsqa.answer import Answer, Sentence, Unborne
from ipsqa.query import parse
from ipsqa.ui import address
from ipsqa.ui.ask import LONGEST, examples, how_sure
from ipsqa.ui.downloads import references_of
from tests.built import MANIFEST, shipped_index
from tests.test_markup import HOSTILE, read
from tests.texts import shipped

QUESTION = "how did Hervanta reduce youth gang problems?"
TOPIC = "honour-related violence"


@pytest.fixture(autouse=True)
def _library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSQA_CORPUS", str(MANIFEST))
    monkeypatch.setenv("IPSQA_INDEX", str(shipped_index()))


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The manifest of a corpus of one short text, which has no index yet."""
    (tmp_path / "texts").mkdir()
    words = "The night bus runs every hour from the harbour to the old mill. " * 12
    (tmp_path / "texts" / "bus.txt").write_text(f"On the night bus\n\n{words}\n", "utf-8")
    manifest = tmp_path / "corpus.toml"
    manifest.write_text('[[work]]\nid = "bus"\nfile = "texts/bus.txt"\ntype = "report"\ntitle = "On the night bus"\n')
    # The encoder's files are the same for every corpus: they need not be made again.
    shutil.copytree(shipped_index() / "models", tmp_path / "index" / "models")
    monkeypatch.setenv("IPSQA_CORPUS", str(manifest))
    monkeypatch.setenv("IPSQA_INDEX", str(tmp_path / "index"))
    return manifest


def _room(first: str) -> None:
    from ipsqa.ui.rooms import enter

    enter(first)


def room(name: str, **parameters: str | list[str]) -> AppTest:
    """The app, entered at one of its rooms."""
    app = AppTest.from_function(_room, args=(name,), default_timeout=120)
    for parameter, value in parameters.items():
        app.query_params[parameter] = value
    return run(app)


def run(app: AppTest) -> AppTest:
    """The app after another run, which had no error."""
    app.run()
    assert not app.exception, app.exception
    return app


def html(app: AppTest) -> str:
    """All HTML of the page, but for the style sheet."""
    return "\n".join(element.body for element in app.html if "<style>" not in element.body)


def said(app: AppTest) -> str:
    """All words of the page's HTML."""
    return read(html(app)).text


def links(app: AppTest) -> list[tuple[str, str]]:
    """The links to pages: their labels and the parameters of their addresses."""
    return [(link.proto.label, link.proto.query_string) for link in app.get("page_link")]


def test_ask_offers_the_corpus_own_questions() -> None:
    app = room("ask")
    assert "Ask a book, get the page." in said(app)
    assert len([query for _, query in links(app) if query.startswith(("q=", "topic="))]) == 3


def test_an_answer_is_in_the_sources_own_words_with_its_page() -> None:
    app = room("ask", q=QUESTION)
    library = ipsqa.open(MANIFEST, shipped_index())
    answer = library.ask(QUESTION)
    assert all(sentence.text in said(app) for sentence in answer.sentences)
    body = html(app)
    for citation in answer.citations:
        assert body.count(f'id="cite-{citation.n}"') == 1
        assert f'href="#cite-{citation.n}"' in body
    assert "p. 52" in said(app)
    assert "exact page" in said(app)
    assert "Riikka Susi, Elli Heikkilä" in said(app)
    assert "Regional work in Hervanta, Tampere" in said(app)


def test_a_question_typed_goes_into_the_address() -> None:
    app = room("ask")
    app.text_input(key="address.q").set_value(QUESTION)
    run(app)
    assert app.query_params["q"] == QUESTION
    assert 'class="answer"' in html(app)


@pytest.mark.parametrize(
    ("name", "box", "button"), [("ask", "q", "Ask"), ("find", "topic", "Find"), ("cite", "words", "Find its place")]
)
def test_what_was_typed_is_kept_where_the_button_is_faster_than_the_address(name: str, box: str, button: str) -> None:
    app = room(name)
    (*app.text_input, *app.text_area)[0].set_value(QUESTION)
    run(app)
    app.query_params.clear()
    press(app, button)
    assert app.query_params[box] == QUESTION


def test_questions_asked_before_are_offered_again() -> None:
    app = room("ask", q=QUESTION)
    app.text_input(key="address.q").set_value("who are street coaches?")
    run(app)
    assert any(query.startswith("q=how+did+Hervanta") for _, query in links(app))


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("x", "One letter is too little"),
        ("x" * 10_000, f"That is 10,000 characters long; a question may have {LONGEST}"),
        ("   ", "Ask a book, get the page."),
        ("?!", "no words to look for"),
    ],
)
def test_a_hurried_question_is_met_with_a_word(question: str, told: str) -> None:
    for name, parameter in (("ask", "q"), ("find", "topic")):
        app = room(name, **{parameter: question})
        assert told.removeprefix("Ask a book, get the page.") in said(app)


@pytest.mark.parametrize("name", ["ask", "find"])
def test_a_hostile_question_does_nothing(name: str) -> None:
    app = room(name, **{"q" if name == "ask" else "topic": HOSTILE})
    assert "<script" not in html(app)
    assert "<img" not in html(app)
    app = room("ask", q="street coaches") if name == "ask" else app
    assert all("](javascript" not in label for label, _ in links(app))


def test_a_filter_that_leaves_nothing_is_refused_with_a_reason() -> None:
    app = room("ask", q=QUESTION, country="Spain", **{"in": "eu-mia"})
    assert "The sources do not answer this." in said(app)
    assert "Searching Integration" in app.main.get("popover")[0].proto.popover.label


def test_a_refusal_says_why_and_what_is_said_nearby() -> None:
    library = ipsqa.open(MANIFEST, shipped_index())
    question = "How many street coaches were there in Utrecht in 1950?"
    refused = library.ask(question)
    assert refused.reason
    app = room("ask", q=question)
    assert "The sources do not answer this." in said(app)
    assert refused.reason[1:] in said(app)
    assert html(app).count('class="passage"') == len(refused.nearest) > 0


def test_filters_that_do_not_exist_are_left_out() -> None:
    app = room("ask", q=QUESTION, country="Atlantis", **{"in": "nothing"})
    assert 'class="answer"' in html(app)


def test_find_counts_what_it_found_and_says_where_the_cut_lies() -> None:
    app = room("find", topic=TOPIC)
    findings = ipsqa.open(MANIFEST, shipped_index()).find(TOPIC)
    assert f"{findings.total} passages are about “{TOPIC}”" in said(app)
    assert f"All {findings.considered} passages were judged" in said(app)
    assert html(app).count('<article class="passage">') == min(findings.total, 30)
    assert len(app.get("button_group")) == 1
    phrase = room("find", topic='"honour-related violence"')
    assert "passages have the words in quotation marks" in said(phrase)
    assert not phrase.get("button_group"), "there is no cut to move"
    wider = room("find", topic=TOPIC, reach="high")
    assert "passages are about" in said(wider)


def test_find_narrows_to_a_chapter_and_orders_by_relevance() -> None:
    app = room("find", topic=TOPIC)
    chapters = html(app).count('class="group"')
    app.selectbox(key="address.within").select_index(1)
    run(app)
    assert app.query_params["within"]
    assert html(app).count('class="group"') == 1 < chapters
    ordered = room("find", topic=TOPIC, order="relevance")
    assert 'class="group"' not in html(ordered)


def test_a_long_list_is_shown_in_two_steps() -> None:
    topic = "police and social work"
    app = room("find", topic=topic, reach="high")
    total = ipsqa.open(MANIFEST, shipped_index()).find(topic, "high").total
    assert total > 30
    assert html(app).count('<article class="passage">') == 30
    assert any(label == f"Show all {total}" for label, _ in links(app))
    whole = room("find", topic=topic, reach="high", all="1")
    assert html(whole).count('<article class="passage">') == total


def test_a_topic_that_nothing_is_about() -> None:
    app = room("find", topic=TOPIC, country="Spain", **{"in": "eu-mia"})
    assert "No passage is about" in said(app)


def test_collected_passages_stand_in_the_address() -> None:
    app = room("find", topic=TOPIC)
    keys = [str(box.key) for box in app.checkbox[:2]]
    for key in keys:
        app.checkbox(key=key).check()
        run(app)
    ids = app.query_params[address.KEPT].split("~")
    assert [f"keep.found.{ident}" for ident in ids] == keys
    again = room("find", view="collected", keep="~".join([*ids, "gone"]))
    assert html(again).count('class="passage"') == 2
    assert "no longer in the texts" in said(again)
    again.checkbox(key=f"keep.collected.{ids[0]}").uncheck()
    run(again)
    assert ids[0] not in again.query_params[address.KEPT]
    next(button for button in again.button if button.label == "Put all back").click()
    run(again)
    assert address.KEPT not in again.query_params
    assert "Nothing is collected yet" in said(again)


def test_read_opens_the_chapter_of_a_passage_and_marks_it() -> None:
    library = ipsqa.open(MANIFEST, shipped_index())
    citation = library.ask(QUESTION).citations[0]
    app = room("read", doc=citation.span.doc, at=f"{citation.span.start}-{citation.span.end}")
    assert html(app).count('id="here"') == 1
    assert "p. 52" in said(app)


@pytest.mark.parametrize(
    "parameters",
    [
        {"doc": "nothing"},
        {"doc": "book", "part": "99"},
        {"doc": "book", "part": "x"},
        {"doc": "book", "at": "9-5"},
        {"doc": "book", "at": "one"},
        {"doc": "book", "at": "999999998-999999999"},
        {"at": "1-9"},
    ],
)
def test_read_opens_at_the_beginning_where_the_address_names_nothing(parameters: dict[str, str]) -> None:
    app = room("read", **parameters)
    assert 'id="here"' not in html(app)
    assert 'class="text"' in html(app)


def test_read_turns_to_the_next_chapter() -> None:
    app = room("read", doc="book", part="2")
    queries = [query for _, query in links(app)]
    assert "doc=book&part=1" in queries
    assert "doc=book&part=3" in queries


def test_read_searches_within_the_text() -> None:
    app = room("read", doc="book", words="street coaches")
    assert "stands in this text" in said(app)
    assert any("words=street+coaches" in query for _, query in links(app))
    words = set(re.findall(r"\w+", shipped("book")[0].text))
    found = [label.partition("·")[2] for label, query in links(app) if "words=street+coaches" in query]
    assert all(word in words for label in found for word in re.findall(r"\w+", label)), "no word is cut"
    none = room("read", doc="book", words="(.*")
    assert "does not stand in this text" in said(none)
    many = room("read", doc="book", words="the")
    assert "These are the first 12" in said(many)


def test_read_leads_back_to_where_one_came_from() -> None:
    app = room("read", doc="book", at="5000-5100")
    assert not any(label.startswith("←") for label, _ in links(app))
    app.session_state["last room"] = "find"
    app.session_state["addresses"] = {"find": {"topic": "gangs"}}
    run(app)
    assert ("← Back to Find", "topic=gangs") in links(app)


SENTENCE = "A reception centre operated in Tampere from 1994 to 2007 (Kangasluoma 2007)."


def test_a_quotation_is_found_word_for_word_with_its_reference() -> None:
    app = room("cite", words=SENTENCE)
    assert "Word for word." in said(app)
    assert "(Susi & Heikkilä, 2011, p. 52)" in said(app)
    app.selectbox(key="address.style").set_value("mla")
    run(app)
    assert app.query_params["style"] == "mla"
    assert "(Susi and Heikkilä 52)" in said(app)


def test_what_differs_from_the_source_is_marked_on_both_sides() -> None:
    app = room("cite", words=SENTENCE.replace("operated", "never operated").replace("1994", "1995"))
    body = html(app)
    assert re.search(r"<del>.*never</del>", body)
    assert re.search(r"<del>.*1995</del> <ins>.*1994</ins>", body)
    assert "This turns the sense" in said(app)


def test_words_that_stand_in_several_texts_are_shown_in_each() -> None:
    library = ipsqa.open(MANIFEST, shipped_index())
    sentences = (library.document(s.doc)[s] for passage in library.engine.passages() for s in passage.sentences)
    twice = next(words for words in sentences if len(words) > 40 and len(library.checker.finder.find(words)) > 1)
    assert "It also stands here" in said(room("cite", words=twice))


def test_a_sentence_in_other_words_is_led_to_its_passage() -> None:
    app = room("cite", words="From 1994 until 2007 there was a reception centre for asylum seekers in Tampere.")
    assert "In other words." in said(app)
    assert "Take it along" in said(app)
    several = room("cite", words="Officers and welfare workers cooperate better where they know one another in person.")
    assert "Perhaps in other words." in said(several)
    assert "These come as close" in said(several)


def test_a_sentence_that_the_texts_do_not_have() -> None:
    app = room("cite", words="The moon is made of cheese, said the fisherman to his brother.")
    assert "These texts do not say this." in said(app)
    assert html(app).count('class="passage"') == 3
    assert "check it as a whole draft" in said(room("cite", words="word " * 1000))
    assert 'class="passage"' not in html(room("cite", words="  "))


def test_a_draft_is_checked() -> None:
    app = room("cite", task="draft")
    draft = f"# Essay\n\n“{SENTENCE[:60].replace('1994', '1995')}” (Susi & Heikkilä, 2011, p. 50) <script>\n"
    app.file_uploader[0].upload("essay.md", draft.encode(), "text/markdown")
    run(app)
    assert "things to mend" in said(app)
    assert "p. 50 should be p. 52" in said(app)
    app.file_uploader[0].upload("essay.md", f"“{SENTENCE}” (Susi & Heikkilä, 2011, p. 52)".encode(), "text/markdown")
    run(app)
    assert "Nothing to mend." in said(app)


def test_a_draft_with_an_endless_quotation_is_told() -> None:
    app = room("cite", task="draft")
    app.file_uploader[0].upload("essay.md", f"“{SENTENCE}”\n\n> {'a b ' * 1600}\n".encode(), "text/markdown")
    run(app)
    assert "words: at most" in said(app)


def test_a_draft_that_unpacks_to_too_much_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (60 * 2**20))
    app = room("cite", task="draft")
    app.file_uploader[0].upload("<i>bomb</i>.docx", packed.getvalue(), "application/zip")
    run(app)
    assert "The draft cannot be checked." in said(app)
    assert "<i>" not in html(app)


def test_the_corpus_is_counted_and_examined() -> None:
    app = room("corpus")
    assert "passages" in said(app)
    assert html(app).count('class="passage work"') == 4
    next(button for button in app.button if button.label == "Examine everything").click()
    run(app)
    assert "index" in said(app)
    assert 'class="findings"' in html(app)


def test_who_may_only_read_cannot_change_the_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSQA_READ_ONLY", "1")
    app = room("corpus")
    assert [button.label for button in app.button] == ["Examine everything"]
    assert "Add a text" not in said(app)


def test_a_library_is_prepared_on_the_first_visit(small: Path) -> None:
    app = room("ask", q="where does the night bus run?")
    assert "harbour" in said(app)


def test_an_index_of_another_version_is_made_anew(small: Path) -> None:
    run(room("ask"))
    (manifest,) = (small.parent / "index" / "generations").glob("*/manifest.json")
    manifest.write_text(manifest.read_text("utf-8").replace('"model"', '"modell"'), "utf-8")
    st.cache_resource.clear()
    assert "harbour" in said(room("ask", q="where does the night bus run?"))


def test_a_hostile_text_does_nothing(small: Path) -> None:
    sentence = f"The ferry to the island leaves at noon {HOSTILE} and comes back at night."
    text = f"{HOSTILE}\n\n{' '.join([sentence] * 9)}\n\nTable 1. {HOSTILE}\n\nEast 1 2 3\n\nWest 4 5 6\n"
    (small.parent / "texts" / "bus.txt").write_text(text, "utf-8")
    title = json.dumps(HOSTILE)
    small.write_text(
        f'[[work]]\nid = "bus"\nfile = "texts/bus.txt"\ntype = "report"\ntitle = {title}\nauthors = [{title}]\n'
    )
    (small.parent / "examples.toml").write_text(f"[[example]]\ntext = {title}\n")
    for name, parameters in (
        ("ask", {}),
        ("ask", {"q": "when does the ferry leave?"}),
        ("find", {"topic": "the ferry to the island"}),
        ("read", {"words": "ferry"}),
        ("corpus", {}),
    ):
        app = room(name, **parameters)
        told = read(html(app))
        assert not {"script", "img"} & set(told.tags), name
        assert "\u202e" not in html(app)
        assert all(r"\[x\]" in label or "[x]" not in label for label, _ in links(app))


def test_a_text_is_added_and_taken_off(small: Path, tmp_path: Path) -> None:
    app = room("corpus")
    assert html(app).count('class="passage work"') == 1
    ferry = ("On the ferry\n\n" + "The ferry to the island leaves at noon. " * 20).encode()
    app.file_uploader[0].upload("..\\<b>ferry.txt", ferry, "text/plain")
    fill(app, "Title", "On the ferry <script>")
    fill(app, "Year", "1999")
    app.text_area[0].set_value("Doe, Jane\n\n")
    press(app, "Add to the corpus")
    assert "On the ferry <script>: added." in said(app)
    assert "<script" not in html(app)
    assert sorted(path.name for path in (tmp_path / "texts").iterdir()) == ["b-ferry.txt", "bus.txt"]
    press(app, "Take it off", -1)
    assert "taken off the shelf" in said(app)
    assert html(app).count('class="passage work"') == 1
    press(app, "Take it off")
    assert html(app).count('class="passage work"') == 0
    assert all("no text here yet" in said(room(name)) for name in ("ask", "find", "cite", "read"))


def fill(app: AppTest, label: str, value: str) -> None:
    next(field for field in app.text_input if field.label == label).set_value(value)


def press(app: AppTest, label: str, which: int = 0) -> None:
    [button for button in app.button if button.label == label][which].click()
    run(app)


def test_what_cannot_be_added_is_told(small: Path) -> None:
    app = room("corpus")
    press(app, "Add to the corpus")
    assert "Choose a file first." in said(app)
    app.file_uploader[0].upload("a.pdf", b"no pdf at all", "application/pdf")
    press(app, "Add to the corpus")
    assert "Give the title" in said(app)
    fill(app, "Title", "A title")
    fill(app, "Year", "MCM")
    press(app, "Add to the corpus")
    assert "Give the year in figures" in said(app)
    fill(app, "Year", "")
    press(app, "Add to the corpus")
    assert "is called .pdf and is no PDF" in said(app)


def test_a_build_that_fails_is_told_and_tried_again(small: Path) -> None:
    (small.parent / "texts" / "bus.txt").unlink()
    small.write_text("[[work]]\n")
    app = room("ask")
    assert "The library could not be prepared." in said(app)
    assert '<h1 class="unseen">' in html(app)
    press(app, "Try again")
    assert "The library could not be prepared." in said(app)


def test_no_corpus_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IPSQA_CORPUS", str(tmp_path))
    assert "no such corpus" in said(room("read"))


def test_an_answer_says_how_sure_it_is_and_whose_words_it_has() -> None:
    sure = Answer(parse("who?"), confidence=0.9)
    assert how_sure(sure) == "The sources very likely answer this. Quoted word for word."
    cut = replace(sure, sentences=(Sentence("One … two.", (1,)),))
    assert how_sure(cut).endswith("dots mark what is left out.")
    worded = replace(sure, confidence=0.1, mode="model", unborne=(Unborne("One.", "no source"),) * 2)
    assert how_sure(worded).startswith("The sources probably do not answer all")
    assert "2 sentences that no source bore out were dropped" in how_sure(worded)


def test_references_are_made_when_they_are_asked_for() -> None:
    library = ipsqa.open(MANIFEST, shipped_index())
    citation = library.ask(QUESTION).citations[0]
    app = room("ask", q=QUESTION)
    assert "In the list of references" not in said(app)
    app.session_state[f"cite.cited.{citation.span}"] = True
    run(app)
    assert "In the list of references" in said(app)
    works = references_of(library, [citation.passage, citation.passage], "bibtex")
    assert works.count("@incollection") == 1


def test_examples_are_the_corpus_own(tmp_path: Path) -> None:
    assert examples(tmp_path / "examples.toml") == ()
    assert [room for room, _ in examples(MANIFEST.parent / "examples.toml")] == ["ask", "find", "ask"]
