"""What a check of a draft found, as lines and as Markdown; the works that a record cites, for other programs."""

from __future__ import annotations

from collections.abc import Iterable

from ingest.model import Work
from ipsqa.check import Report
from ipsqa.export import Record, escaped, passages_of, printable
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
