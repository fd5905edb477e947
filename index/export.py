"""One run of a process of its own: a sentence-transformers model in, an int8 ONNX model out.

    python -m index.export SOURCE TARGET TOKEN_DIMS

Only this process ever imports torch: what searches and encodes runs the exported files alone.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from index.encoder import CONFIG, GRAPH, PROJECTION, TOKENIZER, Encoder
from index.engine import Floats, Ints, unit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

OPSET = 17
LONGEST = 512
"""Word pieces at once; longer texts are encoded in parts."""

EXACT_SHARE = 1 / 3
"""The share of the layers, from the first on, whose feed-forward weights stay float. Measured on 1,000 sentences of the
corpus, least cosine to the original: .980 with none, .989 with a third (23 and 30 MB, the same speed)."""

HUB_TIMEOUT = 5.0
"""Seconds."""

SEED = 20110323
SAMPLES, LENGTH = 400, 24
"""Random sequences that the projection is fitted on, and the word pieces in each."""

POOLINGS = ("mean", "cls")


def main(arguments: list[str]) -> None:
    """Export, and leave at once when the process that asked for it is gone."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    source, target, dims = arguments
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        export_model(source, Path(target), int(dims))
    except (OSError, ValueError) as error:
        sys.exit(" ".join(str(error).split()))


def export_model(source: str, target: Path, token_dims: int) -> None:
    """Write the ONNX graph, tokenizer, configuration and token projection of a model folder or Hub id into `target`.

    OSError or ValueError where the model is not there, or its vectors are made in a way that is not known here.
    """
    local = _is_here(source)
    with _quiet():
        model = _load(source, local)
        pooling = _pooling(model)
        model.tokenizer.backend_tokenizer.save(str(target / TOKENIZER))
        with tempfile.TemporaryDirectory(dir=target) as scratch:
            _write_graph(model, Path(scratch) / GRAPH)
            _quantise(Path(scratch) / GRAPH, target / GRAPH)
    prompts = {name: text for name, text in model.prompts.items() if text}
    config = {
        "source": source,
        "pooling": pooling,
        "limit": _limit(model),
        "query_prompt": prompts.get("query", ""),
        "passage_prompt": prompts.get("passage", prompts.get("document", "")),
    }
    (target / CONFIG).write_text(json.dumps(config, indent=1, ensure_ascii=False), "utf-8")
    np.save(target / PROJECTION, np.zeros((0, 0), np.float32))
    np.save(target / PROJECTION, fit_projection(Encoder(target), token_dims))


def _load(source: str, local: bool) -> SentenceTransformer:
    """The model, on the CPU, with plain attention: the exporter and the int8 kernels know it best."""
    from sentence_transformers import SentenceTransformer

    plain = {"attn_implementation": "eager"}
    return SentenceTransformer(source, device="cpu", local_files_only=local, model_kwargs=plain)


def _is_here(source: str) -> bool:
    """Whether the model is a folder or was downloaded before; OSError where it is not and the Hub cannot be reached."""
    from huggingface_hub import try_to_load_from_cache

    here = Path(source).is_dir() or isinstance(try_to_load_from_cache(source, "config.json"), str)
    if not here:
        _require_hub()
    return here


def _require_hub() -> None:
    """OSError unless the Hub can be reached: asked once, where loading would ask for a minute."""
    from huggingface_hub.constants import ENDPOINT

    address = urlsplit(ENDPOINT)
    try:
        socket.create_connection((str(address.hostname), address.port or 443), timeout=HUB_TIMEOUT).close()
    except OSError as error:
        raise OSError(f"not on this machine, and {ENDPOINT} cannot be reached ({error})") from None


def _pooling(model: SentenceTransformer) -> str:
    kinds = [type(module).__name__ for module in model]
    if kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ([], ["Normalize"]):
        raise ValueError(f"its parts are {', '.join(kinds)}; known are Transformer, Pooling, Normalize")
    pooling = str(model[1].get_config_dict()["pooling_mode"])
    if pooling not in POOLINGS:
        raise ValueError(f"it pools by {pooling}; known are {', '.join(POOLINGS)}")
    return pooling


def _limit(model: SentenceTransformer) -> int:
    """How many word pieces the model takes, special ones included."""
    positions = int(getattr(model[0].auto_model.config, "max_position_embeddings", LONGEST))
    return min(LONGEST, positions, int(model.tokenizer.model_max_length))


def _write_graph(model: SentenceTransformer, path: Path) -> None:
    """The network as ONNX, float: word pieces and mask in, token vectors out.

    The exporter by tracing: the newer one needs another package and, measured on the built-in model, 57 s instead of 3.
    """
    import torch

    class TokenVectors(torch.nn.Module):
        def __init__(self, network: torch.nn.Module) -> None:
            super().__init__()
            self.network = network

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
            return self.network(input_ids=input_ids, attention_mask=attention_mask)[0]

    pieces, mask = torch.ones(2, 16, dtype=torch.long), torch.ones(2, 16, dtype=torch.long)
    mask[1, 10:] = 0
    names = ("input_ids", "attention_mask", "token_vectors")
    torch.onnx.export(
        TokenVectors(model[0].auto_model.eval()),
        (pieces, mask),
        str(path),
        input_names=names[:2],
        output_names=names[2:],
        dynamic_axes={name: {0: "texts", 1: "pieces"} for name in names},
        opset_version=OPSET,
        dynamo=False,
    )


def _quantise(source: Path, target: Path) -> None:
    """Weights to int8, one scale an output channel; activations are scaled at run time."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph = onnx.load(source).graph
    shapes = {weight.name: tuple(weight.dims) for weight in graph.initializer}
    widening = [
        node.name
        for node in graph.node
        if node.op_type == "MatMul" and len(set(shapes.get(node.input[1], ()))) == 2  # feed-forward: not square
    ]
    exact = widening[: round(len(widening) * EXACT_SHARE)]
    quantize_dynamic(source, target, per_channel=True, weight_type=QuantType.QInt8, nodes_to_exclude=exact)


def fit_projection(encoder: Encoder, dims: int) -> Floats:
    """The matrix `(d, dims)` that keeps most of the length of the model's own token vectors.

    It spans the principal axes of what the model makes of random sequences of its own vocabulary, the frequent words
    more often, and so is the same for a corpus of one page and a large one, and as documents are added. Within that
    span the axes are turned at random, so that all components are of one size and 4 bits serve each as well.
    """
    draw = np.random.default_rng(SEED)
    pieces = _frequent_words(encoder)
    share = 1 / (np.arange(len(pieces)) + 10)
    drawn = draw.choice(pieces, (SAMPLES, LENGTH), p=share / share.sum())
    vectors = unit(np.concatenate([encoder.run(sequence.tolist()) for sequence in drawn]))
    _, axes = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors)
    kept = axes[:, ::-1][:, :dims]
    turn, _ = np.linalg.qr(draw.normal(size=(kept.shape[1], kept.shape[1])))
    return np.ascontiguousarray(kept @ turn, np.float32)


def _frequent_words(encoder: Encoder) -> Ints:
    """The whole words of the vocabulary, in its order: vocabularies begin with what is frequent."""
    vocabulary = encoder.tokenizer.get_vocab()
    words = sorted(place for piece, place in vocabulary.items() if piece.strip("\u2581\u0120").isalpha())
    return np.array(words, np.int64)


@contextmanager
def _quiet() -> Iterator[None]:
    """No warnings and no progress bars of the libraries: they speak to those who train models."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def _leave_with_parent() -> None:
    """Wait until the pipe that the parent holds is closed, by its end or by its death."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
