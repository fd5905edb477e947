"""Checks of everything that the commands need, each fault with the command that mends it."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from index.opening import open_engine, outdated_engine, verify_engine
from ingest.manifest import load
from ingest.model import CorpusError
from ipsqa.library import Places
from ipsqa.llm import URL_VARIABLE, ModelError, endpoint_of
from ipsqa.serving import port_free

BUILD = "ipsqa build"
OLDEST = (3, 11)
ROOM = 200_000_000
"""Bytes that a build of a few books needs on the disk: the export of the encoder, and two generations."""
PORT = 8501

_NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was checked, in what state it is, and, where it is at fault, the command that mends it."""

    what: str
    state: str
    sound: bool = True
    mend: str = ""


def examine(found: Places, port: int = PORT) -> tuple[Finding, ...]:
    """Everything that was checked, in the order in which it should be mended."""
    checks = (_python, _packages, _corpus, _index, _disk, _model)
    return (*(finding for check in checks for finding in check(found)), _port(port))


def _python(found: Places) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    sound = sys.version_info >= OLDEST
    yield Finding("python", version, sound, "" if sound else "make PYTHON=python3.11 build")


def _packages(found: Places) -> Iterator[Finding]:
    missing = sorted(name for name in _required() if not _installed(name))
    state = f"missing: {', '.join(missing)}" if missing else "all there"
    yield Finding("packages", state, not missing, "make build" if missing else "")


def _required() -> Iterator[str]:
    """The names of the packages that this one says it needs."""
    for requirement in importlib.metadata.requires("ipsqa") or ():
        name = _NAME.match(requirement)
        if name and "extra ==" not in requirement:
            yield name[0]


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _corpus(found: Places) -> Iterator[Finding]:
    try:
        manifest = load(found.manifest)
    except CorpusError as error:
        yield Finding("corpus", str(error), sound=False, mend=f"edit {found.manifest}")
        return
    yield Finding("corpus", f"{len(manifest.works)} works in {found.manifest}")
    for work in manifest.works:
        if not work.file.is_file():
            yield Finding(work.id, f"{work.file}: no such file", sound=False, mend=f"ipsqa remove {work.id}")


def _index(found: Places) -> Iterator[Finding]:
    faults = verify_engine(found.folder, found.uri)
    for fault in faults:
        yield Finding("index", fault.removesuffix(f"; run: {BUILD}"), sound=False, mend=BUILD)
    if faults:
        return
    library = open_engine(found.folder, found.uri)
    yield Finding("index", f"{len(library.works())} documents, {library.size} passages in {found.uri or found.folder}")
    yield Finding("encoder", f"{library.settings.model}, whole")
    for work, reason in library.failures.items():
        yield Finding(work, reason, sound=False, mend=f"ipsqa remove {work}")
    try:
        changed = outdated_engine(load(found.manifest), found.folder, found.uri)
    except CorpusError:
        return  # told above
    state = f"changed since the index was built: {', '.join(changed)}" if changed else "the index is up to date"
    yield Finding("freshness", state, not changed, BUILD if changed else "")


def _disk(found: Places) -> Iterator[Finding]:
    folder = next(parent for parent in (found.folder, *found.folder.resolve().parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    sound = free >= ROOM
    state = f"{free // 1_000_000} MB free in {folder}"
    yield Finding("disk", state, sound, "" if sound else f"{BUILD} --index FOLDER (on a disk with more room)")


def _model(found: Places) -> Iterator[Finding]:
    """The language model that the environment names; it is not asked for anything."""
    try:
        endpoint = endpoint_of()
    except ModelError as error:
        yield Finding("language model", str(error), sound=False, mend=f"unset {URL_VARIABLE} (to do without)")
        return
    state = f"{endpoint.model} at {endpoint.url}" if endpoint else "none is named: answers are quoted"
    yield Finding("language model", state)


def _port(port: int) -> Finding:
    """A taken port is no fault: the app itself may be what runs there."""
    if port_free(port):
        return Finding("port", f"{port} is free")
    return Finding("port", f"{port} is taken", mend=f"ipsqa app --port {port + 1}")
