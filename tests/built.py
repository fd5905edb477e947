"""The index of the shipped corpus, built once for all tests that ask the real library."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from index.engine import Settings
from index.store import build
from ingest.manifest import load
from tests.texts import CORPUS

MANIFEST = CORPUS / "corpus.toml"


@cache
def shipped_index() -> Path:
    """The folder of the index, kept between runs: a build makes anew only what changed, and one worker at a time.

    It says where the texts lie, so every checkout has its own.
    """
    checkout = sha256(str(CORPUS).encode()).hexdigest()[:8]
    folder = Path(tempfile.gettempdir()) / f"ipsqa-tests-{os.getuid()}-{checkout}"
    with FileLock(folder.with_suffix(".lock")):
        build(load(MANIFEST), folder, Settings())
    return folder
