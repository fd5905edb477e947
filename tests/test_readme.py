"""The worked examples of the README: each command is run, and prints what stands below it."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from ipsqa.cli import run
from tests.built import MANIFEST, shipped_index

README = (Path(__file__).resolve().parent.parent / "README.md").read_text("utf-8")
PAGE = re.search(r"^## Citing from this corpus\n(.*?)^## ", README, re.MULTILINE | re.DOTALL)
EXAMPLES = re.findall(r"^```console\n(.*?)^```", PAGE[1], re.MULTILINE | re.DOTALL) if PAGE else []
COMMAND = re.compile(r"^\$ (?P<command>.*)\n(?P<printed>(?:(?!\$ ).*\n)*)", re.MULTILINE)
LEFT_OUT = "…"


def printed_by(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints, on both streams."""
    words = shlex.split(command)
    if words[0] == ".venv/bin/ipsqa":
        run([*words[1:], "--corpus", str(MANIFEST), "--index", str(shipped_index())])
        shown = capsys.readouterr()
        return shown.out + shown.err
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def matches(shown: str, printed: str) -> bool:
    """Whether `printed` is what was shown, where a line may stand for any number of lines."""
    lines = (r"(?:.*\n)*?" if line == LEFT_OUT else f"{re.escape(line)}\n" for line in shown.rstrip().split("\n"))
    return bool(re.fullmatch("".join(lines), f"{printed.rstrip()}\n"))


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_print_what_the_readme_shows(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    found = list(COMMAND.finditer(example))
    assert found
    assert "".join(each[0] for each in found) == example
    for each in found:
        if each["command"].startswith("cat "):
            Path(each["command"].split()[1]).write_text(each["printed"], "utf-8")
        else:
            printed = printed_by(each["command"], capsys)
            assert matches(each["printed"], printed), printed


def test_there_is_an_example_of_each_kind() -> None:
    page = PAGE[1] if PAGE else ""
    for told in ("exact: ", "altered: ", "paraphrase: ", "not in the sources: ", "1 other place", "@incollection"):
        assert f"\n{told}" in page
    for option in ("--style", "--format bibtex", "check essay.md --fix"):
        assert option in page
