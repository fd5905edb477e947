"""Modules of ours run as processes of their own, wherever this one was started from."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def ours(module: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command that runs a module with arguments, and the environment that it needs."""
    paths = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return [sys.executable, "-m", module, *arguments], environment
