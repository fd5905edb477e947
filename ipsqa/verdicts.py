"""What a check of a draft found, as lines and as Markdown; the works that a record cites, for other programs."""

from __future__ import annotations

from collections.abc import Iterable

from ingest.model import Span, Work
from ipsqa.check import Report
from ipsqa.export import Record, escaped, passages_of, printable
from ipsqa.library import Library
from ipsqa.records import reference_record
from ipsqa.references import FORMATS, Source, export


def report_lines(report: Report) -> str:
    """A line for each finding, as compilers write them: file, line, kind, message. Empty where nothing is wrong."""
    path = report.draft.path
    lines = (f"{path}:{finding.line}: {finding.kind}: {finding.message}" for finding in report.findings)
    return "".join(f"{' '.join(printable(line).split())}\n" for line in lines)


def report_markdown(report: Report) -> str:
    """The findings as a Markdown list under the draft's name."""
    name = escaped(report.draft.path.name)
    seen = f"{report.quoted} quotations and {report.cited} citations of the corpus were checked."
    findings = [
        f"- line {finding.line}: **{finding.kind}**: {escaped(' '.join(finding.message.split()))}"
        for finding in report.findings
    ]
    return "\n".join((f"# {name}", "", seen, "", *(findings or ["Nothing is wrong."]))) + "\n"


def to_references(record: Record, works: Iterable[Work], to: str) -> str:
    """The works that the passages of a record are from, each once, as BibTeX, RIS or CSL-JSON."""
    form = next(form for form in FORMATS if form == to)
    by_id = {work.id: work for work in works}
    return export((Source(by_id[each["doc"]], each["contribution"]) for each in passages_of(record)), form)


def with_citations(record: Record, library: Library, style: str = "apa") -> Record:
    """A record of `search`, `find` or `ask` with the citation of each passage, or of what is quoted of it."""
    key = next((key for key in ("hits", "passages", "citations", "nearest") if record.get(key)), None)
    if key is None:
        return record
    spans = [Span(each["doc"], *each.get("quote_span", each["span"])) for each in record[key]]
    made = zip(record[key], library.references(spans, style), strict=True)
    return {**record, key: [{**each, "citation": reference_record(reference)} for each, reference in made]}
