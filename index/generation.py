"""A generation of the index: what it was made of, and in which part each of its documents lies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.disk import file_hash, whole_folder, write_json
from index.engine import Settings, SettingsError, StaleIndexError
from index.late import products_graph
from index.part import MANIFEST, MEND, Sizes, check_sizes, current_schema

GENERATIONS = "generations"
PRODUCTS = "products.onnx"


@dataclass(frozen=True, slots=True)
class Made:
    """What an index was made of: settings, digest of the model, and by work the digest of its source.

    `failures` says, by work, why it could not be read.
    """

    settings: Settings
    model: str
    sources: Mapping[str, str]
    failures: Mapping[str, str]

    def same(self, settings: Settings, model: str, sources: Mapping[str, str]) -> bool:
        """Whether these settings, model and sources, in this order, would make the same index."""
        return (self.settings, self.model, [*self.sources.items()]) == (settings, model, [*sources.items()])


@dataclass(frozen=True, slots=True)
class Generation:
    """What is in force: each document, in the manifest's order, with the name of the part that holds it.

    A document that a part holds and that is not named here with that part is out of force.
    """

    made: Made
    sizes: Sizes
    documents: Mapping[str, str]

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts, each once, in the order of their first documents."""
        return tuple(dict.fromkeys(self.documents.values()))


def write_generation(folder: Path, generation: Generation) -> None:
    """Put a generation at `folder`, whole or not at all."""
    with whole_folder(folder) as aside:
        (aside / PRODUCTS).write_bytes(products_graph())
        size, digest = (aside / PRODUCTS).stat().st_size, file_hash(aside / PRODUCTS)
        write_json(aside / MANIFEST, _pack(generation) | {"files": {PRODUCTS: {"bytes": size, "sha256": digest}}})


def read_generation(folder: Path) -> tuple[Generation, dict[str, Any]]:
    """The generation at `folder` and its manifest; StaleIndexError where it is damaged or of another version."""
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        schema = manifest["schema"]
    except (OSError, ValueError, KeyError, TypeError):
        raise StaleIndexError(f"{path}: missing or damaged; {MEND}") from None
    if schema != current_schema() or not _is_complete(manifest):
        raise StaleIndexError(f"{path}: made by another version of the program; {MEND}")
    check_sizes(folder, manifest)
    made = Made(Settings.from_json(manifest["settings"]), manifest["model"], manifest["sources"], manifest["failures"])
    return Generation(made, Sizes(*manifest["sizes"]), manifest["documents"]), manifest


def _is_complete(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest has the keys, and its settings the keys and kinds of values, that this version writes."""
    expected = _pack(Generation(Made(Settings(), "", {}, {}), Sizes(0, 0, 0), {}))
    if manifest.keys() != {*expected, "files"} or not isinstance(manifest["settings"], dict):
        return False
    try:
        return Settings.from_json(manifest["settings"]).to_json().keys() == manifest["settings"].keys()
    except SettingsError:
        return False


def _pack(generation: Generation) -> dict[str, Any]:
    made = generation.made
    return {
        "schema": current_schema(),
        "settings": made.settings.to_json(),
        "model": made.model,
        "sizes": list(generation.sizes),
        "sources": dict(made.sources),
        "failures": dict(made.failures),
        "documents": dict(generation.documents),
    }
