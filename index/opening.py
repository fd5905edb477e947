"""Which engine holds an index: the local one, or Milvus where an address is given, which is loaded only then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from index.engine import Settings
from index.hands import Hands
from index.store import DEFAULT, BuildReport, Progress, build, in_silence, open_store, outdated, verify
from ingest.manifest import Manifest

if TYPE_CHECKING:
    from index.local import LocalEngine
    from index.milvus import MilvusEngine


def open_engine(folder: Path, uri: str = "") -> LocalEngine | MilvusEngine:
    """The engine of the index in `folder`, or of the corpus at `uri`; StaleIndexError where there is none."""
    if not uri:
        return open_store(folder)
    from index.milvus import open_milvus

    return open_milvus(folder, uri)


def build_engine(
    manifest: Manifest,
    folder: Path,
    uri: str = "",
    settings: Settings = DEFAULT,
    progress: Progress = in_silence,
    hands: Hands | None = None,
) -> BuildReport:
    """Bring the index in `folder`, or the corpus at `uri`, up to date with the manifest; `hands` do the work."""
    if not uri:
        return build(manifest, folder, settings, progress, hands)
    from index.milvus_store import build_milvus

    return build_milvus(manifest, folder, uri, settings, progress, hands)


def verify_engine(folder: Path, uri: str = "") -> tuple[str, ...]:
    """What is wrong with the index, a line each with the command that mends it."""
    if not uri:
        return verify(folder)
    from index.milvus_store import verify_milvus

    return verify_milvus(folder, uri)


def outdated_engine(manifest: Manifest, folder: Path, uri: str = "") -> tuple[str, ...]:
    """The ids of the works that are new, changed or gone since the index was built."""
    if not uri:
        return outdated(manifest, folder)
    from index.milvus_store import outdated_milvus

    return outdated_milvus(manifest, folder, uri)
