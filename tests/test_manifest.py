"""The manifest: what it says, what it refuses and where, and how works come and go."""

from __future__ import annotations

import datetime
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.manifest import add_work, load, remove_work
from ingest.model import Contribution, CorpusError, Name, Work

CORPUS = Path(__file__).parent.parent / "corpus"

SMALL = """\
# Two works.

[[work]]
id = "one"
file = "one.txt"
type = "book"
title = "The first"

# The second came later.
[[work]]
id = "two"
file = "texts/two.pdf"
type = "report"
title = "The second"

[[work.contribution]]
title = "A chapter"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "corpus.toml"
    path.write_text(text, encoding="utf-8")
    return path


def work_with(line: str) -> str:
    return f'[[work]]\nid = "a"\nfile = "a.txt"\ntype = "book"\ntitle = "A"\n{line}\n'


def test_the_shipped_corpus() -> None:
    works = {work.id: work for work in load(CORPUS / "corpus.toml").works}
    assert list(works) == ["book", "abstract", "new-openings", "eu-mia"]
    assert all(work.file.is_file() for work in works.values())
    assert works["book"].issued == (2011, 3, 23)
    assert works["abstract"].authors == (Name("Vanhanen", "Sari"), Name("Heikkilä", "Elli"))
    assert works["new-openings"].issued == ()
    assert works["eu-mia"].authors == (Name(literal="COMPAS Communications"),)
    chapters = works["book"].contributions
    assert [chapter.country for chapter in chapters if chapter.country] == [
        *("Finland", "Netherlands", "Spain", "Sweden", "United Kingdom")
    ]
    assert chapters[1].authors == ()
    assert (chapters[4].title, chapters[4].authors) == (None, None)
    assert chapters[-1].authors is not None
    assert chapters[-1].authors[1] == Name("Gómez Ciriano", "Emilio José")


def test_every_key(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """\
[[work]]
id = "all-keys"
file = "all.txt"
type = "chapter"
title = "  One\u0308 \\n title "
authors = ["Family, Given", "Mononym", { literal = "Police, City of X" }, { family = "de Vries" }]
editors = [{ family = "Ed", given = "It" }]
issued = 2020-02-29T10:00:00
container-title = "Whole"
publisher = "House"
publisher-place = "Town"
volume = 14
issue = "2a"
page = "1-9"
doi = "10.1000/182"
isbn = "978-3-16-148410-0"
url = "https://example.org/a?b=c"
note = "Note."
language = "en-GB"
running-heads = ['^(\\d+) \\S']
furniture = ["^Back to top$"]

[[work.contribution]]
heading = "As it stands"
title = "As it is cited"
authors = ["A, B"]
country = "Spain"

[[work.contribution]]
heading = "What is left"
lost = ["title"]
""",
    )
    assert load(path).works == (
        Work(
            id="all-keys",
            file=tmp_path / "all.txt",
            type="chapter",
            title="On\u00eb title",
            authors=(
                *(Name("Family", "Given"), Name(literal="Mononym")),
                *(Name(literal="Police, City of X"), Name("de Vries")),
            ),
            editors=(Name("Ed", "It"),),
            issued=(2020, 2, 29),
            container_title="Whole",
            publisher="House",
            publisher_place="Town",
            volume="14",
            issue="2a",
            page="1-9",
            doi="10.1000/182",
            isbn="978-3-16-148410-0",
            url="https://example.org/a?b=c",
            note="Note.",
            language="en-GB",
            contributions=(
                Contribution("As it stands", "As it is cited", (Name("A", "B"),), "Spain"),
                Contribution("What is left", None, ()),
            ),
            running_heads=(r"^(\d+) \S",),
            furniture=("^Back to top$",),
        ),
    )


@pytest.mark.parametrize(
    ("given", "issued"),
    [("2017", (2017,)), ('"2017"', (2017,)), ('"2017-05"', (2017, 5)), ("2017-05-01", (2017, 5, 1)), ('""', ())],
)
def test_dates(tmp_path: Path, given: str, issued: tuple[int, ...]) -> None:
    assert load(written(tmp_path, work_with(f"issued = {given}"))).works[0].issued == issued


REFUSED = [
    # what stands in line 6 of a manifest, and what is said of it
    ('publishr = "X"', "publishr: unknown key; did you mean publisher?"),
    ('zzz = "X"', "zzz: unknown key; known are id, file"),
    ("publisher = true", "publisher: must be text"),
    ("publisher = [1]", "publisher: must be text"),
    ('doi = "https://doi.org/10.1/2"', "doi: 'https://doi.org/10.1/2' is not of the form 10.1000/182"),
    ('url = "javascript:alert(1)"', "url: 'javascript:alert(1)' is not of the form https://"),
    ('isbn = "123"', "isbn: '123' is not of the form"),
    ('language = "English!"', "language: 'English!' is not of the form en-GB"),
    ("issued = 2011.5", "issued: must be a year"),
    ('issued = "2011-13"', "issued: must be a year"),
    ("issued = true", "issued: must be a year"),
    ('authors = "Family, Given"', "authors: must be a list of names"),
    ("authors = [3]", "authors: a name is"),
    ('authors = ["Good, Name", ""]', "authors: a name is"),
    ('authors = [{ literal = "X", family = "Y" }]', "authors: a name is"),
    ('authors = [{ given = "X" }]', "authors: a name is"),
    ("authors = [{ family = 1 }]", "authors: a name is"),
    ('running-heads = "x"', "running-heads: must be a list of texts"),
    ("furniture = ['(']", "furniture: '(' is not a regular expression"),
    ("contribution = 1", "contribution: must be tables, each under [[work.contribution]]"),
    ("contribution = [{}]", "title must be given"),
    ('contribution = [{ title = "" }]', "title: must be given"),
    ('contribution = [{ titel = "" }]', "titel: unknown key; did you mean title?"),
    ('contribution = [{ lost = ["title"] }]', "heading must be given"),
    ('contribution = [{ title = "T", lost = ["country"] }]', "lost: 'country' cannot be lost, only title and authors"),
    ('contribution = [{ title = "T", lost = ["title"] }]', "lost: 'title' is given, so it is not lost"),
]


@pytest.mark.parametrize(("line", "said"), REFUSED)
def test_what_is_refused_is_named_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = written(tmp_path, work_with(line))
    with pytest.raises(CorpusError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}:6: {said}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("work = 3\n", 1, "work: must be tables, each under [[work]]"),
        ("\n\n[settings]\nx = 1\n", 3, "settings: unknown key; known are work"),
        ("[[work]]\n", 1, "type must be given"),
        ('[[work]]\ntype = "bok"\n', 2, "type: 'bok' is not a type of CSL; near to it are book"),
        ('[[work]]\ntype = "qqqqq"\n', 2, "type: 'qqqqq' is not a type of CSL; near to it are none"),
        ('[[work]]\ntype = "book"\nid = "No Capitals"\n', 3, "id: 'No Capitals' is not of the form small letters"),
        ('[[work]]\nid = "a"\ntype = "book"\nfile = "/etc/passwd"\n', 4, "file: '/etc/passwd' lies outside"),
        ('[[work]]\nid = "a"\ntype = "book"\nfile = "../x.txt"\n', 4, "file: '../x.txt' lies outside"),
        (work_with("") + work_with(""), 8, "id: 'a' is the id of an earlier work"),
        ('[[work]]\nnote = """\none\n[[work]]\nid = 1\n"""\nid = false\ntype = "book"', 7, "id: must be text"),
        ("a = 1\nb = = 2\n", 2, "is not TOML: Invalid value"),
        ('a = 1\nb = "', 2, "is not TOML: "),
        ("a = 1\na = 2\n", 2, "is not TOML: Cannot overwrite a value"),
    ],
)
def test_the_line_of_an_error(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(CorpusError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}:{line}: {said}")


def test_what_is_not_a_manifest_at_all(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"missing\.toml: cannot be read \(No such file or directory\)"):
        load(tmp_path / "missing.toml")
    path = tmp_path / "latin.toml"
    path.write_bytes(b"a = 1\nb = '\xe4'\n")
    with pytest.raises(CorpusError, match=r"latin\.toml:2: is not UTF-8 text"):
        load(path)
    with pytest.raises(CorpusError, match="nested too deeply"):
        load(written(tmp_path, f"a = {'[' * 5000}{']' * 5000}"))
    with pytest.raises(CorpusError, match="is not TOML: "):
        load(written(tmp_path, f"a = {'1' * 5000}"))


def test_a_byte_order_mark_and_crlf_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "corpus.toml"
    path.write_bytes(b"\xef\xbb\xbf" + work_with('doi = "10."').replace("\n", "\r\n").encode())
    with pytest.raises(CorpusError, match=r":6: doi"):
        load(path)


def test_a_link_out_of_the_corpus_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("secret")
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.txt").symlink_to(outside)
    with pytest.raises(CorpusError, match="lies outside the corpus folder"):
        load(written(folder, work_with("")))


def test_an_empty_manifest_has_no_works(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")).works == ()


def test_adding_keeps_what_stands(tmp_path: Path) -> None:
    path = written(tmp_path, SMALL.rstrip("\n"))
    path.chmod(0o640)
    entry = {
        "id": "three",
        "file": "three.txt",
        "type": "book",
        "title": 'It\'s "quoted"',
        "authors": ["A, B"],
        "issued": datetime.date(2020, 1, 2),
        "contribution": [{"title": "C"}],
    }
    work = add_work(path, entry)
    assert (work.title, work.issued) == ('It\'s "quoted"', (2020, 1, 2))
    assert work.contributions == (Contribution("C", "C", ()),)
    text = path.read_text()
    assert text.startswith(SMALL + "\n[[work]]\n")
    assert [each.id for each in load(path).works] == ["one", "two", "three"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["corpus.toml"]


def test_adding_makes_the_manifest(tmp_path: Path) -> None:
    path = tmp_path / "corpus.toml"
    work = add_work(path, {"id": "a", "file": "a.txt", "type": "book", "title": "A"})
    assert load(path).works == (work,)


@pytest.mark.parametrize("change", [{"id": "one"}, {"id": "Bad"}, {"what": "ever"}, {"file": "../a"}])
def test_a_refused_addition_changes_nothing(tmp_path: Path, change: dict[str, str]) -> None:
    path = written(tmp_path, SMALL)
    with pytest.raises(CorpusError):
        add_work(path, {"id": "a", "file": "a.txt", "type": "book", "title": "A", **change})
    assert path.read_text() == SMALL


def test_removing_keeps_the_rest(tmp_path: Path) -> None:
    path = written(tmp_path, SMALL)
    assert remove_work(path, "one").title == "The first"
    assert path.read_text() == "# Two works.\n\n" + SMALL[SMALL.index("# The second") :]
    path = written(tmp_path, SMALL)
    assert remove_work(path, "two").title == "The second"
    assert path.read_text() == f"{SMALL[: SMALL.index('# The second')].rstrip()}\n"


def test_removing_what_cannot_be(tmp_path: Path) -> None:
    path = written(tmp_path, SMALL)
    with pytest.raises(CorpusError, match="there is no work 'three' here; known are one, two"):
        remove_work(path, "three")
    table = '{{ id = "{}", file = "a", type = "book", title = "A" }}'
    inline = f"work = [{table.format('a')}, {table.format('b')}]\n"
    path = written(tmp_path, inline)
    with pytest.raises(CorpusError, match=r":1: a is not in a \[\[work\]\] block of its own"):
        remove_work(path, "a")
    assert path.read_text() == inline


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, SMALL)
    (tmp_path / ".corpus.toml.new").mkdir()
    with pytest.raises(CorpusError, match=r"corpus\.toml: cannot be written: Is a directory"):
        remove_work(path, "one")
    assert path.read_text() == SMALL


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), min_size=1, max_size=4))
def test_what_is_added_is_read_back_and_taken_out(tmp_path_factory: pytest.TempPathFactory, titles: list[str]) -> None:
    path = tmp_path_factory.mktemp("any") / "corpus.toml"
    path.write_text(SMALL)
    for number, title in enumerate(titles):
        work = add_work(path, {"id": f"w{number}", "file": "a.txt", "type": "book", "title": f"T {title}"})
        assert work in load(path).works
    for number in range(len(titles)):
        remove_work(path, f"w{number}")
    assert [work.id for work in load(path).works] == ["one", "two"]
