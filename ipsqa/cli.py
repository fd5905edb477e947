"""The commands: what is typed in, what is printed, and how errors are told."""

from __future__ import annotations

import io
import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from index.engine import SettingsError, StaleIndexError, Where
from ingest.model import CorpusError

if TYPE_CHECKING:
    from ipsqa.evaluation import Evaluation
    from ipsqa.library import Library, Places

FAILED, MISUSED, INTERRUPTED = 1, 2, 130

_BUILD = "ipsqa build"
_PLACES = ("--corpus", "--index")

commands = typer.Typer(
    add_completion=False, rich_markup_mode="rich", context_settings={"help_option_names": ["-h", "--help"]}
)


class Form(StrEnum):
    """How a result is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MD = "md"
    BIBTEX = "bibtex"
    RIS = "ris"
    CSL = "csl-json"


class Reach(StrEnum):
    """How much `find` brings in."""

    BALANCED = "balanced"
    HIGH = "high"


class Left(StrEnum):
    """A ranking that can be left out."""

    BM25 = "bm25"
    PASSAGE = "passage"
    SENTENCE = "sentence"
    LATE = "late"


class Order(StrEnum):
    """In which order `find` lists."""

    RELEVANCE = "relevance"
    TEXT = "text"


Query = Annotated[str | None, typer.Argument(help="What to look for, in quotation marks.", show_default=False)]
Corpus = Annotated[
    Path | None, typer.Option("--corpus", help="Folder of the corpus, or its corpus.toml.", show_default=False)
]
IndexFolder = Annotated[
    Path | None,
    typer.Option("--index", help="Folder of the index (or IPSQA_INDEX); .ipsqa in the corpus.", show_default=False),
]
Format = Annotated[Form, typer.Option("--format", help="How to write the result.")]
Batch = Annotated[
    Path | None,
    typer.Option(
        "--batch",
        help='File of queries, one a line or JSON lines {"id", "query"}; - is standard input. Writes JSON lines.',
        show_default=False,
    ),
]
Doc = Annotated[list[str] | None, typer.Option("--doc", help="Only in this document.", show_default=False)]
Country = Annotated[list[str] | None, typer.Option("--country", help="Only on this country.", show_default=False)]
SectionName = Annotated[
    list[str] | None, typer.Option("--section", help="Only under headings with these words.", show_default=False)
]
Author = Annotated[list[str] | None, typer.Option("--author", help="Only by this author.", show_default=False)]
Style = Annotated[
    str,
    typer.Option("--style", help="apa, mla, chicago, chicago-notes, harvard, vancouver, ieee, any CSL style or file."),
]
Count = Annotated[int, typer.Option("-k", help="How many passages to list.", min=1, max=1000)]


def main() -> None:
    """Run the command line and leave with its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Files and pipes get UTF-8; a terminal that lacks a letter shows a question mark for it.
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit status of a command: 0, 1 for what could not be done, 2 for wrong usage, 130 when interrupted.

    What went wrong is one line on standard error.
    """
    try:
        status = commands(args=arguments, prog_name="ipsqa", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _told(_with_hint(error.format_message(), arguments), MISUSED)
    except StaleIndexError as error:
        return _told(str(error).replace(_BUILD, " ".join((_BUILD, *_places_given(arguments)))), FAILED)
    except (CorpusError, SettingsError) as error:
        return _told(str(error), FAILED)
    except BrokenPipeError:
        # Whoever read the output has gone; what is left in the buffer must not raise again on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _told(f"{where}{error.strerror or error}", FAILED)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    return status if isinstance(status, int) else 0


def _with_hint(message: str, arguments: list[str]) -> str:
    """What a command line was found wrong for, and what was probably meant: quotation marks, a format by its name."""
    if message.startswith("Got unexpected extra argument"):
        return f"{message}: put a query of several words in quotation marks"
    for form in Form:
        if message.startswith(f"No such option: --{form}"):
            return f"No such option: --{form}. Did you mean --format {form}?"
    if arguments and " " in arguments[0].strip():
        return f'that is no command; to ask it: ipsqa ask "{arguments[0].strip()}"'
    if message.startswith("No such command") and "Did you mean" not in message:
        return f"{message} ipsqa --help lists them"
    return message.replace("Value error, ", "")


def _places_given(arguments: list[str]) -> list[str]:
    """The options of a command line that say which corpus and which index: a command that mends needs them too."""
    given: list[str] = []
    for place, argument in enumerate(arguments):
        if argument in _PLACES:
            given += arguments[place : place + 2]
        elif argument.startswith(tuple(f"{option}=" for option in _PLACES)):
            given.append(argument)
    return list(map(shlex.quote, given))


def _told(message: str, status: int) -> int:
    from ipsqa.export import printable

    print(f"ipsqa: {' '.join(printable(message).split())}", file=sys.stderr)
    return status


def _misused(message: str) -> NoReturn:
    raise typer.BadParameter(message)


@commands.callback(invoke_without_command=True)
def about(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and leave.")] = False,
) -> None:
    """Ask a book, get the page: cited passages from a set of source texts, found on your own machine."""
    if version:
        from importlib.metadata import version as installed

        print(f"ipsqa {installed('ipsqa')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


@commands.command(epilog='Example: ipsqa search "regional work in Hervanta" -k 3')
def search(
    query: Query = None,
    k: Count = 10,
    doc: Doc = None,
    country: Country = None,
    section: SectionName = None,
    author: Author = None,
    form: Format = Form.TEXT,
    batch: Batch = None,
    corpus: Corpus = None,
    folder: IndexFolder = None,
) -> None:
    """The passages that fit a query best, each with its work, chapter authors, section and printed page."""
    from ipsqa.library import open_library
    from ipsqa.records import search_record

    where = _where(doc, country, section, author)
    library = open_library(corpus, folder)
    _answer(
        lambda text, ident: search_record(library.search(text, k, where), library, ident), query, batch, form, library
    )


@commands.command(epilog='Example: ipsqa find "honour-related violence" --order text --format csv > honour.csv')
def find(
    query: Query = None,
    recall: Annotated[Reach, typer.Option("--recall", help="Where to cut: high misses less.")] = Reach.BALANCED,
    order: Annotated[Order, typer.Option("--order", help="Most relevant first, or as they stand.")] = Order.RELEVANCE,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write to this .csv, .md, .json or .docx file.", show_default=False)
    ] = None,
    style: Style = "apa",
    doc: Doc = None,
    country: Country = None,
    section: SectionName = None,
    author: Author = None,
    form: Format = Form.TEXT,
    batch: Batch = None,
    corpus: Corpus = None,
    folder: IndexFolder = None,
) -> None:
    """Every passage about a topic, with its relevance, down to a cut that is stated."""
    from ipsqa.library import open_library
    from ipsqa.records import find_record

    where = _where(doc, country, section, author)
    library = open_library(corpus, folder)

    def record(text: str, ident: object) -> dict[str, Any]:
        found = library.find(text, recall.value, where)
        return find_record(found.in_reading_order(library.works) if order is Order.TEXT else found, library, ident)

    if out is not None:
        if query is None or batch is not None:
            _misused("--out takes one query")
        from ipsqa.verdicts import with_citations

        _export(with_citations(record(_words(query), None), library, style), out)
        return
    _answer(record, query, batch, form, library, style)


@commands.command(epilog='Example: ipsqa ask "how did Hervanta reduce youth gang problems?"')
def ask(
    query: Query = None,
    no_model: Annotated[
        bool, typer.Option("--no-model", help="Do without the language model that IPSQA_LLM_URL names.")
    ] = False,
    doc: Doc = None,
    country: Country = None,
    section: SectionName = None,
    author: Author = None,
    form: Format = Form.TEXT,
    batch: Batch = None,
    corpus: Corpus = None,
    folder: IndexFolder = None,
) -> None:
    """The sentences that answer a question, quoted and cited, or why the sources do not answer it.

    Where IPSQA_LLM_URL and IPSQA_LLM_MODEL name a language model, it words the answer from the passages.
    """
    from ipsqa.library import open_library
    from ipsqa.records import ask_record

    where = _where(doc, country, section, author)
    library = open_library(corpus, folder)
    if no_model or not os.environ.get("IPSQA_LLM_URL"):
        _answer(lambda text, ident: ask_record(library.ask(text, where), library, ident), query, batch, form, library)
        return
    from ipsqa.terminal import waiting

    def worded(text: str, ident: object) -> dict[str, Any]:
        with waiting("the language model is writing", sys.stderr):
            return ask_record(library.ask_model(text, where), library, ident)

    _answer(worded, query, batch, form, library)


@commands.command(epilog='Example: ipsqa cite "Integration is a two-way process" --style mla')
def cite(
    query: Query = None,
    style: Style = "apa",
    doc: Doc = None,
    country: Country = None,
    section: SectionName = None,
    author: Author = None,
    form: Format = Form.TEXT,
    batch: Batch = None,
    corpus: Corpus = None,
    folder: IndexFolder = None,
) -> None:
    """Where a sentence stands, word for word or in other words, how it differs, and the reference to it."""
    from ipsqa.library import open_library
    from ipsqa.records import cite_record

    where = _where(doc, country, section, author)
    library = open_library(corpus, folder)
    _answer(
        lambda text, ident: cite_record(library.cite(text, where), library, style, ident), query, batch, form, library
    )


@commands.command(epilog="Example: ipsqa check essay.docx --fix")
def check(
    drafts: Annotated[list[Path], typer.Argument(metavar="DRAFT...", help="Drafts: .md, .txt, .docx or .pdf.")],
    strict: Annotated[bool, typer.Option("--strict", help="Quotations from elsewhere are faults too.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Write a corrected copy beside each draft.")] = False,
    style: Style = "apa",
    form: Format = Form.TEXT,
    corpus: Corpus = None,
    folder: IndexFolder = None,
) -> None:
    """What is wrong with the quotations and citations of a draft; exit status 1 where anything is."""
    from ipsqa.library import open_library
    from ipsqa.records import check_record
    from ipsqa.verdicts import report_lines, report_markdown

    if form not in (Form.TEXT, Form.JSON, Form.MD):
        _misused(f"--format {form.value} is not for this command")
    library = open_library(corpus, folder)
    reports = [library.check(draft, strict) for draft in drafts]
    for report in reports:
        if form is Form.JSON:
            print(json.dumps(check_record(report), ensure_ascii=False, indent=2 if len(reports) == 1 else None))
        else:
            sys.stdout.write(report_markdown(report) if form is Form.MD else report_lines(report))
        if fix:
            from ipsqa.fixing import write_fixed

            copy = write_fixed(report, library.works, style)
            print(f"corrected copy: {copy}" if copy else f"{report.draft.path}: nothing to correct", file=sys.stderr)
    if any(report.findings for report in reports):
        raise typer.Exit(FAILED)


@commands.command(epilog="Example: ipsqa outline book --format json")
def outline(
    doc: Annotated[str, typer.Argument(help="The id of a document.", show_default=False)],
    form: Format = Form.TEXT,
    corpus: Corpus = None,
    folder: IndexFolder = None,
) -> None:
    """The headings of a document and the printed pages they stand on."""
    from ipsqa.library import open_library
    from ipsqa.records import outline_record

    library = open_library(corpus, folder)
    record = outline_record(library.document(doc), library.outline(doc))
    if form is Form.JSON:
        _print_json(record)
        return
    _only(form, Form.TEXT)
    from ipsqa.terminal import write_outline

    write_outline(record, sys.stdout)


@commands.command(epilog="Example: ipsqa read book --page 52")
def read(
    doc: Annotated[str, typer.Argument(help="The id of a document.", show_default=False)],
    page: Annotated[str | None, typer.Option("--page", help="This printed page.", show_default=False)] = None,
    lines: Annotated[
        str | None, typer.Option("--lines", help="These lines of the file: 1618-1637.", show_default=False)
    ] = None,
    section: Annotated[
        str | None, typer.Option("--section", help="The section of this heading.", show_default=False)
    ] = None,
    form: Format = Form.TEXT,
    corpus: Corpus = None,
    folder: IndexFolder = None,
) -> None:
    """A page, some lines, a section, or the whole of a document, as it stands."""
    from ipsqa.library import open_library
    from ipsqa.reading import lines_span, page_span, section_span, whole
    from ipsqa.records import reading_record

    if sum(given is not None for given in (page, lines, section)) > 1:
        _misused("give one of --page, --lines and --section")
    library = open_library(corpus, folder)
    document = library.document(doc)
    if page is not None:
        span = page_span(document, page)
    elif lines is not None:
        span = lines_span(document, *_line_range(lines))
    elif section is not None:
        span = section_span(document, section)
    else:
        span = whole(document)
    record = reading_record(library.read(span))
    if form is Form.JSON:
        _print_json(record)
        return
    _only(form, Form.TEXT)
    from ipsqa.terminal import write_reading

    write_reading(record, sys.stdout)


@commands.command(epilog="Example: ipsqa build, or: ipsqa build --engine milvus --uri http://localhost:19530")
def build(
    model: Annotated[
        str | None, typer.Option("--model", help="Another encoder: a folder or a Hub id.", show_default=False)
    ] = None,
    engine: Annotated[
        str | None, typer.Option("--engine", help="local, or milvus (or IPSQA_ENGINE).", show_default=False)
    ] = None,
    uri: Annotated[
        str | None,
        typer.Option(
            "--uri", help="Where Milvus is: http://HOST:PORT[#NAME] or FILE.db (or IPSQA_URI).", show_default=False
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", help="Processes that read and encode; for many texts.", min=0, max=256)
    ] = 0,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--dask", help="Dask scheduler whose workers read and encode: tcp://HOST:8786.", show_default=False
        ),
    ] = None,
    corpus: Corpus = None,
    folder: IndexFolder = None,
) -> None:
    """Bring the index up to date with the corpus: only what changed is read and encoded again.

    A build that is stopped is gone on with by the next one. Dask workers must see corpus and index by the same paths.

    Commands that ask find an index in Milvus by IPSQA_URI. Credentials are taken from IPSQA_MILVUS_TOKEN alone.
    """
    from ipsqa.library import engine_uri, places

    if workers and scheduler:
        _misused("give --workers or --dask, not both")
    _build(replace(places(corpus, folder), uri=engine_uri(engine, uri)), model, workers, scheduler or "")


@commands.command(epilog='Example: ipsqa add report.pdf --title "Annual report" --author "Doe, Jane" --year 2020')
def add(
    file: Annotated[Path, typer.Argument(help="A text or PDF file.", show_default=False)],
    title: Annotated[str | None, typer.Option("--title", help="Its title.", show_default=False)] = None,
    author: Annotated[
        list[str] | None, typer.Option("--author", help='"Family, Given"; may be repeated.', show_default=False)
    ] = None,
    year: Annotated[int | None, typer.Option("--year", help="Year of issue.", show_default=False)] = None,
    kind: Annotated[str | None, typer.Option("--type", help="Its type in CSL.", show_default=False)] = None,
    publisher: Annotated[str | None, typer.Option("--publisher", show_default=False)] = None,
    url: Annotated[str | None, typer.Option("--url", show_default=False)] = None,
    work_id: Annotated[str | None, typer.Option("--id", help="The id to call it by.", show_default=False)] = None,
    corpus: Corpus = None,
    folder: IndexFolder = None,
) -> None:
    """Copy a file into the corpus, enter it in the manifest, and build."""
    from ipsqa.library import places
    from ipsqa.shelf import add_source

    given = {
        "id": work_id,
        "type": kind,
        "title": title,
        "authors": author,
        "issued": year,
        "publisher": publisher,
        "url": url,
    }
    found = places(corpus, folder)
    work = add_source(found.manifest, file, {key: value for key, value in given.items() if value})
    print(f"added {work.id}: {work.title}")
    _build(found, None)


@commands.command(epilog="Example: ipsqa remove annual-report")
def remove(
    work_id: Annotated[str, typer.Argument(metavar="ID", help="The id of a work.", show_default=False)],
    delete: Annotated[bool, typer.Option("--delete", help="Delete its file from the corpus folder too.")] = False,
    corpus: Corpus = None,
    folder: IndexFolder = None,
) -> None:
    """Take a work out of the manifest, and build."""
    from ipsqa.library import places
    from ipsqa.shelf import remove_source

    found = places(corpus, folder)
    work = remove_source(found.manifest, work_id, delete)
    print(f"removed {work.id}: {work.title}")
    _build(found, None)


@commands.command(name="eval", epilog="Example: ipsqa eval --without late")
def evaluate(
    questions: Annotated[
        Path | None, typer.Option("--questions", help="Judged questions, JSON lines.", show_default=False)
    ] = None,
    topics: Annotated[
        Path | None, typer.Option("--topics", help="Judged topics, JSON lines.", show_default=False)
    ] = None,
    qrels: Annotated[
        Path | None, typer.Option("--qrels", help="TREC judgments of passage ids; with --queries.", show_default=False)
    ] = None,
    queries: Annotated[
        Path | None, typer.Option("--queries", help="The queries judged: id, tab, text.", show_default=False)
    ] = None,
    without: Annotated[
        list[Left] | None,
        typer.Option("--without", help="Leave a ranking out and tell what it is worth.", show_default=False),
    ] = None,
    worded: Annotated[
        bool, typer.Option("--worded", help="Answers in the words of the language model that IPSQA_LLM_URL names.")
    ] = False,
    form: Format = Form.TEXT,
    corpus: Corpus = None,
    folder: IndexFolder = None,
) -> None:
    """Recall, precision, answers and refusals on judged questions and topics, each with its 95 % interval."""
    from ipsqa.evaluation import evaluation_lines, evaluation_record
    from ipsqa.library import open_library

    _only(form, Form.TEXT, Form.JSON)
    measured = _measure(questions, topics, qrels, queries, worded)
    library = open_library(corpus, folder)
    found = measured(library)
    record = evaluation_record(found, measured(library.without(*(each.value for each in without))) if without else None)
    if form is Form.JSON:
        _print_json(record)
        return
    for line in evaluation_lines(record):
        print(line)


@commands.command(epilog="Example: ipsqa app --port 8600 --no-browser")
def app(
    port: Annotated[int, typer.Option("--port", help="Port on this machine.", min=1, max=65535)] = 8501,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="Let nobody add texts or take them off.")] = False,
    corpus: Corpus = None,
    folder: IndexFolder = None,
) -> None:
    """Serve the app to this machine alone; the index is built first where there is none."""
    from ipsqa.library import places
    from ipsqa.serving import serve

    found = places(corpus, folder)
    _build_missing(found)
    serve(found, port, browser=not no_browser, read_only=read_only)


@commands.command(epilog="Example: ipsqa doctor")
def doctor(corpus: Corpus = None, folder: IndexFolder = None) -> None:
    """Check everything that the commands need, and name the command that mends each fault."""
    from ipsqa.doctor import examine
    from ipsqa.library import places

    findings = examine(places(corpus, folder))
    for finding in findings:
        print(f"{'ok   ' if finding.sound else 'FAULT'} {finding.what}: {finding.state}")
        if finding.mend:
            given = [f"--corpus={corpus}"] * bool(corpus) + [f"--index={folder}"] * bool(folder)
            print(f"      run: {' '.join((finding.mend, *_places_given(given)))}")
    if not all(finding.sound for finding in findings):
        raise typer.Exit(FAILED)


def _measure(
    questions: Path | None, topics: Path | None, qrels: Path | None, queries: Path | None, worded: bool
) -> Callable[[Library], Evaluation]:
    """What measures a library on the judgments that were named, or else on those that ship with it."""
    from ipsqa import evaluation

    if (qrels is None) != (queries is None):
        _misused("--qrels and --queries go together")
    if qrels and queries:
        judged = evaluation.read_qrels(qrels, queries)
        return lambda library: evaluation.evaluate_qrels(library, judged)
    if questions is None and topics is None:
        questions, topics = evaluation.SHIPPED / "questions.jsonl", evaluation.SHIPPED / "topics.jsonl"
    asked = evaluation.read_questions(questions) if questions else ()
    sought = evaluation.read_topics(topics) if topics else ()
    return lambda library: evaluation.evaluate(library, asked, sought, worded)


def _build(found: Places, model: str | None, workers: int = 0, scheduler: str = "") -> None:
    """Build, say what was done, and fail where a document could not be read."""
    from ipsqa.building import build_library, summary

    report = build_library(found, model, sys.stderr, workers, scheduler)
    for failure in report.failures.values():
        _told(failure, FAILED)
    print(summary(report))
    if report.failures:
        raise typer.Exit(FAILED)


def _build_missing(found: Places) -> None:
    from index.opening import open_engine

    try:
        open_engine(found.folder, found.uri)
    except StaleIndexError:
        _build(found, None)


def _answer(
    record: Callable[[str, object], dict[str, Any]],
    query: str | None,
    batch: Path | None,
    form: Form,
    library: Library,
    style: str = "apa",
) -> None:
    """Print the record of one query, or of each query of a batch as soon as it is there."""
    if batch is None:
        _print(record(_words(query), None), form, library, style)
        return
    if query is not None:
        _misused("give a query or --batch, not both")
    if form not in (Form.TEXT, Form.JSON):
        _misused("--batch writes JSON lines; leave out --format")
    from ipsqa.batch import read_batch

    for asked in read_batch(batch):
        print(json.dumps(record(asked.query, asked.ident), ensure_ascii=False), flush=True)


def _export(record: Mapping[str, Any], out: Path) -> None:
    """Write the record of `find` to a file of the kind that its name says."""
    from ipsqa.export import to_csv, to_docx, to_markdown

    writers: dict[str, Callable[[Mapping[str, Any]], bytes]] = {
        ".csv": lambda found: to_csv(found).encode("utf-8-sig"),
        ".md": lambda found: to_markdown(found).encode(),
        ".json": lambda found: json.dumps(found, ensure_ascii=False, indent=2).encode(),
        ".docx": to_docx,
    }
    if out.suffix.lower() not in writers:
        _misused(f"--out {out}: the name must end in {', '.join(writers)}")
    out.write_bytes(writers[out.suffix.lower()](record))
    print(f"{record['total']} passages written to {out}")


def _words(query: str | None) -> str:
    if query is None:
        _misused("give a query in quotation marks, or --batch FILE")
    if not query.strip():
        _misused("the query is empty")
    return query


def _print(record: dict[str, Any], form: Form, library: Library, style: str) -> None:
    if form is Form.JSON:
        _print_json(record)
    elif form in (Form.BIBTEX, Form.RIS, Form.CSL):
        from ipsqa.verdicts import to_references

        sys.stdout.write(to_references(record, library.works, form.value))
    elif form is Form.TEXT:
        from ipsqa.terminal import write_record

        write_record(record, sys.stdout)
    else:
        from ipsqa.export import to_csv, to_markdown
        from ipsqa.verdicts import with_citations

        written = with_citations(record, library, style)
        sys.stdout.write(to_csv(written) if form is Form.CSV else to_markdown(written))


def _print_json(record: dict[str, Any]) -> None:
    print(json.dumps(record, ensure_ascii=False, indent=2))


def _only(form: Form, *allowed: Form) -> None:
    if form not in allowed:
        _misused(f"--format {form.value} is not for this command")


def _where(
    docs: list[str] | None, countries: list[str] | None, sections: list[str] | None, authors: list[str] | None
) -> Where:
    return Where(tuple(docs or ()), tuple(countries or ()), tuple(sections or ()), tuple(authors or ()))


def _line_range(given: str) -> tuple[int, int]:
    first, _, last = given.partition("-")
    if not (first.isdecimal() and (last or first).isdecimal()):
        _misused(f"--lines {given}: give lines as 1618-1637")
    return int(first), int(last or first)
