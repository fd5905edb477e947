"""Checks of drafts: faults planted and told, formats, what is left alone, corrected copies."""

from __future__ import annotations

import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import docx
import pytest
import typst
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Cm

from evaluation.planted import Planter
from index.engine import SettingsError
from ingest.model import CorpusError
from ipsqa import drafts, fixing, worddrafts
from ipsqa.check import Checker, Report
from ipsqa.drafts import quotations, read_draft
from ipsqa.fixing import write_fixed
from tests.test_quotations import corpus

CALL = "The actors can call a familiar person instead of contacting the police headquarters"
CENTRAL = "Personal relationships have central importance in the work of community policing"
LIMIT = "Thirty percent is generally considered as the limit beyond which the interest of native Finnish people"
MEDIATION = "Mediation is not an alternative to the judicial system"
COACHES = "Street coaches report their findings each shift"
CHILDREN = "Children from all cultures are subject to abuse and neglect"
SUSI = "Susi, R., & Heikkilä, E. (2011). Immigrants, police and social work – Good practices in Finland. In *A book*."


@cache
def checker() -> Checker:
    return Checker(*corpus())


def check(folder: Path, text: str, name: str = "draft.md", strict: bool = False) -> Report:
    path = folder / name
    path.write_text(text, "utf-8")
    return checker().check(path, strict)


def told(report: Report) -> list[str]:
    return [f"{finding.line}: {finding.kind}: {finding.message}" for finding in report.findings]


def kinds(folder: Path, text: str, **more: Any) -> list[str]:
    return [finding.kind for finding in check(folder, text, **more).findings]


@pytest.mark.parametrize("seed", range(6))
def test_planted_faults_are_told_and_no_others(tmp_path: Path, seed: int) -> None:
    planted = planter().draft(seed)
    report = check(tmp_path, planted.text)
    assert {(finding.line, finding.kind) for finding in report.findings} == planted.faults


@cache
def planter() -> Planter:
    return Planter(*corpus())


@pytest.mark.parametrize(
    "citation",
    [
        f"“{CALL}” (Susi & Heikkilä, 2011, p. 54).",
        f"“{CALL}” (see R. Susi & E. Heikkilä 2011: 54; cf. Quinney 2006).",
        f'"{CALL}" (Susi and Heikkilä 54).',
        f"„{CALL}“ (Quinney, 2006; Susi & Heikkilä, 2011, pp. 53–55).",
        f"”{CALL}” (Susi & Heikkilä (2011), p. 54).",
        f"«{CALL}» (Susi & Heikkilä, 2011a, p. 54).",
        f"As Susi and Heikkilä (2011, p. 54) put it, ‘{CALL}’.",
        f"Susi and Heikkilä (2011), p. 54, put it so: ‘{CALL}’.",
        f"‘{CALL}’, write Susi & Heikkilä (2011) pp. 53–54.",
        f"However, Susi and Heikkilä (2011, p. 54) hold that “{CALL}”.",
        f"In Tampere, Finland, Susi and Heikkilä (2011: 54) saw that “{CALL}”.",
        f"In Finland, Riikka Susi and Elli Heikkilä (2011: 54) saw that “{CALL}”.",
        f"Susi and Heikkilä’s (2011) study says: '{CALL}' (p. 54).",
        f"“{CALL}”, write Susi and Heikkilä (2011: 54).",
        f"Susi and Heikkilä (2011, p. 3) agree. “{CENTRAL}” and “{CALL}” (ibid., p. 54).",
        f"> {CALL}. (Susi & Heikkilä, 2011, p. 54)",
        f"> {CALL}.\n\n(Susi & Heikkilä, 2011, p. 54)",
        f"As Susi and Heikkilä (2011, p. 54) write:\n\n> {CALL}.\n> {CENTRAL}.",
        f"“{CALL}.”[^1]\n\n[^1]: Susi & Heikkilä 2011, 54.",
        f"“{CALL}.”[^1] “{CENTRAL}.”[^2]\n\n[^1]: Susi & Heikkilä 2011, 54.\n[^2]: Ibid., 54.",
        f"“{CALL}.”[^1] “{CENTRAL}.”[^2]\n\n[^1]: Susi & Heikkilä, “Immigrants, Police,” 54.\n[^2]: Ibid.",
        f"“{CALL}.”[^n]\n\n[^n]: See (Susi & Heikkilä, 2011, p. 54).",
        f"“{CALL}.”[^1]\n\n[^1]: Riikka Susi and Elli Heikkilä, “Immigrants, Police and Social Work – Good "
        "Practices in Finland,” in *Working Together* (Turku: Institute of Migration, 2011), 54.",
        f"“{CALL}.”[^1]\n\n[^1]: Susi and Heikkilä, “Immigrants, Police and Social Work,” 54; Quinney, *Practice*, 9.",
        f"“{CALL}” [1, p. 54].\n\n# References\n\n[1] {SUSI}",
        f"“{CALL}” [Susi & Heikkilä 2011: 54].",
        f"“{CALL}” (Susi & Heikkilä 2011 p. 54).",
        f"“{CALL}” (Susi & Heikkilä, 2011, pp. 50, 54).",
        f"“{CALL}” [@book-3, p. 54].",
        f"“{CALL}” [see -@{{susi2011}}, 54; @quinney06].",
        f"“{CALL}” (Susi & Heikkilä, 2011, p. 50 and pp. 53-55).",
        f"“{CALL}” (Susi, Riikka and Elli Heikkilä, 2011, p. 54).",
        f"“{CALL}” (SUSI & HEIKKILÄ 2011, 54).",
        f"“{CALL}” (Susi/Heikkilä 2011, S. 54).",
        f"“{CALL}” (Susi & Heikkilä, 2011, 53f.).",
        f"“{CALL}” (Susi & Heikkilä, 2011, pp. 51ff).",
        f"According to Susi and Heikkilä, “{CALL}” (2011, p. 54).",
        f"As Susi and Heikkilä (2011) write:\n\n> {CALL}.\n\n(p. 54)",
        f"> {CALL}.\n> — Susi & Heikkilä 2011, p. 54",
        f"> {CALL}.\n> Susi and Heikkilä (2011), 54.",
        f"“{CALL}.”¹\n\n¹ Susi & Heikkilä 2011, 54.",
        f"“{CALL}.”12\n\n12. Susi & Heikkilä 2011, 54.",
        f"Susi and Heikkilä note that “{CALL}” (54).",
        f"As Susi and Heikkilä put it, “{CALL}” (p. 54).",
        f"Susi and Heikkilä note that “{CENTRAL}” (54). They add that “{CALL}” (53–54).",
        f"As Susi and Heikkilä write:\n\n> {CALL}. (54)",
        f"In 2011, Susi and Heikkilä wrote on page 54 that “{CALL}”.",
        f"“{CALL}”, Susi and Heikkilä wrote in 2011 (p. 54).",
        f"“{CALL}” (1, p. 54).\n\n# References\n\n1. {SUSI}",
        f"“{CALL}.”[^1]\n\n[^1]: Susi and Heikkilä, “Finland,” 54.",
        f"“{CALL}.”[^1]\n\n[^1]: Susi and Heikkilä, *Finland*, pp. 53-54; Quinney, *Practice*, 9.",
        f"“{CALL}.”¹\n\n# References\n\n1. Susi & Heikkilä 2011, 54.\n2. Quinney 2006, 9.",
        f"“{CALL}.”^1^\n\n1. Susi & Heikkilä 2011, 54.",
        f"“{MEDIATION}” (Ramos, 2011, p. 111).",
        f"“{MEDIATION}” (Working together for better integration, 2011, p. 111).",
        f"“{CALL}” (Susi & Heikkilä, 2011, p. 54).\n\n> {MEDIATION}.\n> Ramos 2011, 111",
    ],
)
def test_right_citations_in_every_shape(tmp_path: Path, citation: str) -> None:
    report = check(tmp_path, citation)
    assert told(report) == []
    assert report.quoted >= 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"“{CALL}” (Susi & Heikkilä, 2011, p. 55).", "1: wrong-page: p. 55 should be p. 54"),
        (f"“{CALL}” (Susi & Heikkilä, 2011, pp. 55–6).", "1: wrong-page: pp. 55–6 should be p. 54"),
        (
            f"Susi and Heikkilä (2011, p. 3). “{CALL}.”[^2]\n\n[^1]: Susi & Heikkilä 2011, 54.\n[^2]: Ibid., 55.",
            "4: wrong-page: p. 55 should be p. 54",
        ),
        (f"“{CALL}” [@susi2011, p. 52].", "1: wrong-page: p. 52 should be p. 54"),
        (f"“{CALL}” [@book-4, p. 54].", "1: wrong-author: these words are in Susi & Heikkilä (2011), p. 54"),
        (f"“{CALL}” (Susi & Heikkilä, 2011, pp. 50, 52).", "1: wrong-page: pp. 50, 52 should be p. 54"),
        (f"“{CALL}” (Susi & Heikkilä, 2011, p. xii).", "1: wrong-page: p. xii should be p. 54"),
        (f"“{CALL}” (Susi & Heikkilä, 2011).", "1: no-page: no page is given: p. 54"),
        (f"“{CALL}” (Susi & Heikkilä, 2013, p. 54).", "1: wrong-year: 2013 should be 2011"),
        (f"“{CALL}” (Susi & Heikkila, 2011, p. 54).", "1: wrong-author: “Susi & Heikkila” should be “Susi & Heikkilä”"),
        (f"“{CALL}” (Susi et al., 2011, p. 54).", "1: wrong-author: “Susi” should be “Susi & Heikkilä”"),
        (
            f"“{CALL}” (Berends et al., 2011, p. 54).",
            "1: wrong-author: these words are in Susi & Heikkilä (2011), p. 54",
        ),
        (f"“{CALL}” (Quinney, 2006, p. 54).", "1: wrong-author: these words are in Susi & Heikkilä (2011), p. 54"),
        (f"“{CALL}” (Susi 54).", "1: wrong-author: “Susi” should be “Susi & Heikkilä”"),
        (f"“{CALL}” (Heikkilä, 54).", "1: wrong-author: “Heikkilä” should be “Susi & Heikkilä”"),
        (f"“{COACHES}” (Berends, 2011, p. 87).", "1: wrong-author: “Berends” should be “Berends et al.”"),
        (f"“{COACHES}” (Berends 87).", "1: wrong-author: “Berends” should be “Berends et al.”"),
        (f"Susi and Heikkilä note that “{CALL}” (55).", "1: wrong-page: p. 55 should be p. 54"),
        (f"“{CALL}”, Susi and Heikkilä write on page 55.", "1: wrong-page: p. 55 should be p. 54"),
        (f"In 2011, Susi and Heikkilä wrote that “{CALL}”.", "1: no-page: no page is given: p. 54"),
        (f"“{CALL}.”¹\n\n# References\n\n1. {SUSI}", "1: no-page: no page is given: p. 54"),
        (
            f"“{CALL}” (2).\n\n# References\n\n2. Quinney, A. (2006). *Practice*.",
            "1: wrong-author: these words are in Susi & Heikkilä (2011), p. 54",
        ),
        (
            "Susi and Heikkilä note that “a velvet lantern hung over the harbour” (54).",
            "1: unknown: “a velvet lantern hung over the harbour” is not in the corpus",
        ),
        (f"“{CALL}”.", "1: uncited: quotation without a citation: (Susi & Heikkilä, 2011, p. 54)"),
        (f"> {CALL}.", "1: uncited: quotation without a citation: (Susi & Heikkilä, 2011, p. 54)"),
        (
            f"“{MEDIATION}” (Susi & Heikkilä, 2011, p. 111).",
            "1: wrong-author: these words are in “[Chapter on Spain]” (2011), p. 111",
        ),
        (f"“{MEDIATION}” (Ramos, 2011, p. 112).", "1: wrong-page: p. 112 should be p. 111"),
        (
            f"As Susi & Heikkilä have it, “{CALL}” (2013, p. 54).",
            "1: wrong-year: 2013 should be 2011",
        ),
        (
            f"As one has said “no theory survives its first winter” (Payne, 1999, p. 201).\n\n> {CALL}.",
            "3: uncited: quotation without a citation: (Susi & Heikkilä, 2011, p. 54)",
        ),
        ("(Vanhanen & Heikkilä, 2016)", "1: wrong-year: 2016 should be 2017 or n.d."),
        (f"Susi and Heikkilä (2011), p. 51, write: “{CALL}”.", "1: wrong-page: p. 51 should be p. 54"),
        ("As Susi and Heikila (2011) say.", "1: wrong-author: “Susi and Heikila” should be “Susi and Heikkilä”"),
        ("Moreover, Susi (2011) differs.", "1: wrong-author: “Susi” should be “Susi and Heikkilä”"),
        ("McLaughlin (2011) differs.", "1: wrong-author: “McLaughlin” should be “McLaughlin and Cummins”"),
        (
            f"“{CHILDREN}” (McLaughlin & Cummins, 2011).",
            "1: no-page: no page is given: section “Child protection”, p. 168 ±2",
        ),
        (
            "“A velvet lantern over the whole harbour” (Berends et al., 2011, p. 85)",
            "1: unknown: “A velvet lantern over the whole harbour” is not in the corpus",
        ),
        ("“velvet lantern” (Berends et al., 2011, p. 85)", "1: unknown: “velvet lantern” is not in the corpus"),
        (
            f"“{CALL.replace('familiar', 'strange')}” (Susi & Heikkilä, 2011, p. 54)",
            "1: altered: “actors can call a strange person” should be “actors can call a familiar person” (p. 54)",
        ),
    ],
)
def test_each_fault_is_told_in_a_line(tmp_path: Path, text: str, expected: str) -> None:
    assert told(check(tmp_path, text)) == [expected]


def test_a_page_within_the_doubt_is_right(tmp_path: Path) -> None:
    for locator in ("p. 167", "p. 170", "Child protection section"):
        assert kinds(tmp_path, f"“{CHILDREN}” (McLaughlin & Cummins, 2011, {locator}).") == []
    assert kinds(tmp_path, f"“{CHILDREN}” (McLaughlin & Cummins, 2011, p. 190).") == ["wrong-page"]


def test_a_rewritten_quotation_is_one_fault(tmp_path: Path) -> None:
    words = f"{LIMIT} towards the area diminishes and the risk of becoming a slum increases".split()
    words[2::4] = ["harbour"] * len(words[2::4])
    (line,) = told(check(tmp_path, f"“{' '.join(words)}” (Susi & Heikkilä, 2011, p. 49)"))
    assert line.startswith("1: altered: ")
    assert "changes: the source has" in line


@pytest.mark.parametrize(
    "text",
    [
        "She said, “I would rather have stayed at home that winter”, and left.",
        "The so-called “two-way process” and “integration”.",
        "In “Immigrants, Police and Social Work” they differ.",
        "As “no theory survives its first winter in the field” (Payne & Adams, 1999, p. 201).",
        f"`“{CALL}”` and\n\n```\n“{CALL}”\n```\n\n<!-- “{CALL}” -->",
        "“I would rather have stayed at home” (12). (Heikkilä 12) and “I would not have gone at all” (Heikkilä 12).",
        "Say “one thing and then another one” (2).\n\n# References\n\n2. Quinney, A. (2006). *Practice*.",
        "(in brackets), (2011), (the 1990s) and [sic] (Heikkilä, 2006)",
        "“unclosed and ‘never closed either",
        "it’s the officers’ rights' 5'6\" “”",
    ],
)
def test_what_is_from_elsewhere_is_left_alone(tmp_path: Path, text: str) -> None:
    assert told(check(tmp_path, text)) == []


def test_strict_takes_every_quotation_for_one_of_the_corpus(tmp_path: Path) -> None:
    assert kinds(tmp_path, "She said, “I would rather have stayed at home”.", strict=True) == ["unknown"]


def test_reference_list_and_citations_agree_or_it_is_told(tmp_path: Path) -> None:
    text = (
        f"“{CALL}” (Susi & Heikkilä, 2011, p. 54). See Carle et al. (2011) and (Vanhanen & Heikkilä, 2015).\n\n"
        f"## Works cited\n\n{SUSI.replace('2011', '2010')}\n\n"
        "McLaughlin, H., Reubsaet, H., & Vanhanen, S. (2011). Introduction. In *Working together*.\n\n"
        "Vanhanen, S., & Heikkilä, E. (2015). *Another work of theirs*. Harbour Press.\n\n## Annex\n\nMore."
    )
    assert told(check(tmp_path, text)) == [
        "1: unlisted: Carle et al. (2011) is cited and not in the reference list",
        "5: wrong-year: 2010 should be 2011 in the entry of Susi & Heikkilä",
        "7: unused: McLaughlin et al. (2011) is in the reference list and not cited",
    ]


def test_an_entry_may_leave_the_subtitle_out_and_a_lost_chapter_is_told_by_its_book(tmp_path: Path) -> None:
    article = (
        "Vanhanen, S., & Heikkilä, E. (2016). Multi-professional work practices in the field of immigrant integration."
    )
    book = "Ramos, A. (2011). Police work in Spain. In *Working together for better integration*. Turku."
    text = f"See Vanhanen and Heikkilä (2017). “{MEDIATION}” (Ramos, 2011, p. 111).\n\n## References\n\n"
    assert told(check(tmp_path, f"{text}{article}\n\n{book}\n")) == [
        "5: wrong-year: 2016 should be 2017 in the entry of Vanhanen & Heikkilä"
    ]
    described = f"“{MEDIATION}” ([Chapter on Spain], 2011, p. 111).\n\n## References\n\n"
    assert told(check(tmp_path, f"{described}{book}\n")) == []
    assert told(check(tmp_path, f"{described}Quinney, A. (2006). *Practice*.\n")) == [
        "1: unlisted: “[Chapter on Spain]” (2011) is cited and not in the reference list"
    ]


def test_corrections_keep_to_their_line_and_set_the_year_with_the_authors(tmp_path: Path) -> None:
    text = f"“{CALL}” (Quinney, 2006, p. 54).\n\n> {CALL} hugely\n\nSo Susi & Heikkilä (2011, p. 54) end.\n"
    copy = write_fixed(check(tmp_path, text))
    assert copy is not None
    assert copy.read_text("utf-8") == (
        f"“{CALL}” (Susi & Heikkilä, 2011, p. 54).\n\n> {CALL} (Susi & Heikkilä, 2011, p. 54)\n\n"
        "So Susi & Heikkilä (2011, p. 54) end.\n"
    )


def test_plain_text_with_block_and_list_line_by_line(tmp_path: Path) -> None:
    text = f"Intro.\n\n    {CALL}.\n    {CENTRAL}.\n\n(Susi & Heikkilä, 2011, p. 54)\n\n"
    text += f"References\n\n{SUSI[:60]}\n  {SUSI[60:]}\nQuinney, A. (2006). *Practice*.\n"
    assert told(check(tmp_path, text, name="draft.txt")) == []


def word_draft(path: Path) -> None:
    document = docx.Document()
    first = document.add_paragraph("As they say, “The actors can call a ")
    first.add_run("strange").bold = True
    first.add_run(" person instead of contacting the police headquarters” (Susi & Heikkilä, 2011, p. 55).")
    document.add_paragraph(f"{CENTRAL}. (Susi & Heikkilä, 2011, p. 54)", style="Quote")
    document.add_paragraph(f"{LIMIT}").paragraph_format.left_indent = Cm(2)
    cell = document.add_table(1, 1).cell(0, 0)
    cell.text = f"“{CHILDREN}” (Carle et al., 2011, p. 168)"
    document.add_heading("References", 1)
    document.add_paragraph(SUSI)
    document.save(str(path))


def test_word_draft_and_its_corrected_copy(tmp_path: Path) -> None:
    path = tmp_path / "draft.docx"
    word_draft(path)
    report = checker().check(path)
    assert [(finding.line, finding.kind) for finding in report.findings] == [
        (1, "altered"),
        (1, "wrong-page"),
        (3, "uncited"),
        (4, "unlisted"),
        (4, "wrong-author"),
    ]
    works = [document.work for document in corpus()[0]]
    copy = write_fixed(report, works)
    assert copy == tmp_path / "draft.fixed.docx"
    text = [paragraph.text for paragraph in docx.Document(str(copy)).paragraphs]
    assert text[0] == f"As they say, “{CALL}” (Susi & Heikkilä, 2011, p. 54)."
    assert text[2] == f"{LIMIT} (Susi & Heikkilä, 2011, p. 49)"
    assert docx.Document(str(copy)).paragraphs[0].runs[1].bold
    assert text[-1].startswith("McLaughlin, H., & Cummins, I. (2011).")
    assert write_fixed(report, works) == tmp_path / "draft.fixed-2.docx"
    assert checker().check(copy).findings == ()


def test_the_line_below_a_block_in_word_is_its_citation(tmp_path: Path) -> None:
    path = tmp_path / "draft.docx"
    document = docx.Document()
    document.add_paragraph(CALL).paragraph_format.left_indent = Cm(2)
    document.add_paragraph("Susi & Heikkilä (2011), 55").paragraph_format.left_indent = Cm(2)
    document.add_paragraph("As Susi and Heikkilä (2011) write:")
    document.add_paragraph(CENTRAL, style="Quote")
    document.add_paragraph("(p. 54)")
    document.save(str(path))
    assert told(checker().check(path)) == ["2: wrong-page: p. 55 should be p. 54"]


def test_notes_of_word(tmp_path: Path) -> None:
    path = tmp_path / "draft.docx"
    document = docx.Document()
    paragraph = document.add_paragraph(f"“{CALL}.”")
    mark = parse_xml(f'<w:r {nsdecls("w")}><w:footnoteReference w:id="2"/><w:tab/></w:r>')
    paragraph._p.append(mark)
    document.save(str(path))
    add_footnotes(path, "Susi & Heikkilä 2011, 57.")
    report = checker().check(path)
    assert told(report) == ["2: wrong-page: p. 57 should be p. 54"]
    assert write_fixed(report) == tmp_path / "draft.fixed.docx"


def add_footnotes(path: Path, text: str) -> None:
    """Put a part with one footnote into a Word file."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    words = text.replace("&", "&amp;")
    note = f'<w:footnote w:id="2"><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:footnote>'
    notes = f'<w:footnotes {nsdecls("w")}><w:footnote w:id="0"/>{note}</w:footnotes>'
    parts["word/footnotes.xml"] = notes.encode()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    relation = f'<Relationship Id="rId99" Type="{kind}" Target="footnotes.xml"/></Relationships>'
    name = "word/_rels/document.xml.rels"
    parts[name] = parts[name].replace(b"</Relationships>", relation.encode())
    media = b"application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    content = b'<Override PartName="/word/footnotes.xml" ContentType="' + media + b'"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", content)
    with zipfile.ZipFile(path, "w") as archive:
        for part, data in parts.items():
            archive.writestr(part, data)


def test_pdf_draft_is_checked_and_not_corrected(tmp_path: Path) -> None:
    path = tmp_path / "draft.pdf"
    text = f"Now “{CALL.replace('familiar', 'strange')}” (Susi & Heikkilä, 2011, p. 54)."
    path.write_bytes(typst.compile(text.encode()))
    report = checker().check(path)
    assert [finding.kind for finding in report.findings] == ["altered"]
    with pytest.raises(SettingsError, match="a PDF cannot be corrected"):
        write_fixed(report)


def test_notes_of_a_pdf_and_what_stands_between_its_pages(tmp_path: Path) -> None:
    path = tmp_path / "draft.pdf"
    note = "#footnote[Susi & Heikkilä 2011, 55.]"
    lines = '#set page(width: 14cm, height: 4cm, numbering: "1")\n'
    path.write_bytes(typst.compile(f"{lines}Now “{CALL}”.{note} And ‘{CENTRAL}’.{note}".encode()))
    assert [(finding.kind, finding.message) for finding in checker().check(path).findings] == [
        ("wrong-page", "p. 55 should be p. 54"),
        ("wrong-page", "p. 55 should be p. 54"),
    ]


def test_corrected_copy_of_a_text(tmp_path: Path) -> None:
    text = (
        f"“{CALL.replace('can ', 'can never ').replace('a familiar', 'a')}” (Susi & Heikkilä, 2013, p. 55).\r\n\r\n"
        f"“{CENTRAL}”. And “Mediation is an alternative to the judicial system” ([Chapter on Spain], 2011, p. 111). "
        f"“{LIMIT}” (Berends et al., 2011, p. 49)\r\n\r\n"
        f"References\r\n\r\n{SUSI}\r\n"
    )
    path = tmp_path / "draft.txt"
    path.write_bytes(text.encode())
    report = checker().check(path)
    copy = write_fixed(report, [document.work for document in corpus()[0]], "harvard")
    assert copy is not None
    fixed = copy.read_bytes().decode()
    assert path.read_bytes().decode() == text
    assert fixed.split("\r\n")[0] == f"“{CALL}” (Susi & Heikkilä, 2011, p. 54)."
    assert "“Mediation is not an alternative to the judicial system” ([Chapter on Spain], 2011, p. 111)" in fixed
    assert f"“{CENTRAL}” (Susi & Heikkilä, 2011, p. 54). And" in fixed
    assert f"“{LIMIT}” (Susi & Heikkilä, 2011, p. 49)" in fixed
    assert "\r\n[Chapter on Spain] (2011) in Working together for better integration: Immigrants, police" in fixed
    again = checker().check(copy)
    assert told(again) == []
    assert write_fixed(again) is None


@pytest.mark.parametrize(
    ("given", "fixed"),
    [("pp. 50, 52", "p. 54"), ("pp.50-52", "p.54"), ("p 51", "p 54"), ("51", "54"), ("p. 51", "p. 54")],
)
def test_a_corrected_page_has_its_sign(tmp_path: Path, given: str, fixed: str) -> None:
    copy = write_fixed(check(tmp_path, f"“{CALL}” (Susi & Heikkilä, 2011, {given}).\n"))
    assert copy is not None
    assert copy.read_text("utf-8") == f"“{CALL}” (Susi & Heikkilä, 2011, {fixed}).\n"


def test_a_corrected_list_has_what_the_corrections_cite(tmp_path: Path) -> None:
    text = f"“{CALL}” and “{CHILDREN}”.\n\n## References\n\n{SUSI}\n"
    copy = write_fixed(check(tmp_path, text), [document.work for document in corpus()[0]])
    assert copy is not None
    added = (
        "McLaughlin, H., & Cummins, I. (2011). Immigration, policing and social work: The UK perspective. In *Working"
    )
    assert copy.read_text("utf-8").count(f"\n{added}") == 1
    assert copy.read_text("utf-8").count("Susi, R.") == 1


def test_copies_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixing, "MOST_COPIES", 2)
    report = check(tmp_path, f"“{CALL}”.")
    assert write_fixed(report) is not None
    with pytest.raises(SettingsError, match="has 2 corrected copies"):
        write_fixed(report)


def test_drafts_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tmp_path / "draft.odt"
    wrong.write_text("x")
    with pytest.raises(CorpusError, match=r"is not checked, only \.md, \.txt"):
        read_draft(wrong)
    wrong = tmp_path / "draft.docx"
    with pytest.raises(CorpusError, match="cannot be read: No such file"):
        read_draft(wrong)
    wrong.write_text("no archive")
    with pytest.raises(CorpusError, match="is no Word document that can be read"):
        read_draft(wrong)
    with zipfile.ZipFile(wrong, "w") as archive:
        archive.writestr("word/document.xml", "<w:document/>")
    with pytest.raises(CorpusError, match="is no Word document that can be read"):
        read_draft(wrong)
    docx.Document().save(str(wrong))
    with pytest.raises(CorpusError, match="holds no text"):
        read_draft(wrong)
    monkeypatch.setattr(worddrafts, "LARGEST", 1_000)
    with pytest.raises(CorpusError, match="unpacks to more than"):
        read_draft(wrong)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = tmp_path / "draft.docx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (worddrafts.LARGEST + 1))
    with pytest.raises(CorpusError, match="unpacks to more than 50 MiB"):
        read_draft(bomb)


def test_quotation_marks_in_pairs(tmp_path: Path) -> None:
    text = (
        "“one ‘two’ three” ‘the officers’ rights’, he’s ‘plain’ \"four\" 'five six' «seven» „eight“ ”nine” (“ten”) “”"
    )
    path = tmp_path / "draft.md"
    path.write_text(text, "utf-8")
    found = [quotation.words for quotation in quotations(read_draft(path))]
    assert found == [
        "one ‘two’ three",
        "the officers’ rights",
        "plain",
        "four",
        "five six",
        "seven",
        "eight",
        "nine",
        "ten",
    ]


def test_two_marks_far_apart_are_no_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "LONGEST_QUOTATION", 10)
    path = tmp_path / "draft.md"
    path.write_text("“a long way from here” and “near”", "utf-8")
    assert [quotation.words for quotation in quotations(read_draft(path))] == ["near"]
