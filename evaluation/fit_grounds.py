"""Fit the weights by which a text's grounds for an answer are weighed: `ipsqa/grounds.json`.

    python -m evaluation.fit_grounds ARTICLES.json [--index FOLDER]

Logistic regression, the sign of each weight fixed, on SQuAD 2.0 (see `evaluation/squad.py`). Only the weights of 17
measures and a constant go into the product; they hold no text of the data.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from evaluation.squad import measure
from index.encoder import Encoder
from index.store import open_store
from ipsqa.grounds import FEATURES, WEIGHTS, Weights

PENALTY = 3.0
"""Of the squared weights of standardised features. From 1 to 30 the AUROC of articles left out stays within .002."""

Array = NDArray[np.float64]


def fit(features: NDArray[np.float32], answerable: NDArray[np.bool_]) -> Weights:
    """The weights that make the answers most likely, each with the sign that FEATURES allows it."""
    mean, spread = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64) + 1e-6
    scaled = (features - mean) / spread
    target = np.where(answerable, 1.0, -1.0)

    def loss(given: Array) -> tuple[float, Array]:
        margin = target * (scaled @ given[:-1] + given[-1])
        slope = -target / (1 + np.exp(margin))
        value = np.logaddexp(0, -margin).sum() + PENALTY * (given[:-1] ** 2).sum()
        return float(value), np.append(scaled.T @ slope + 2 * PENALTY * given[:-1], slope.sum())

    signs = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
    bounds = [*(signs[sign] for sign in FEATURES.values()), (None, None)]
    found = minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds, method="L-BFGS-B").x
    weights = found[:-1] / spread
    return Weights(float(found[-1] - weights @ mean), weights.astype(np.float32))


def main() -> None:
    """Fit on all articles and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path, help="questions in SQuAD 2.0's format")
    parser.add_argument("--index", type=Path, default=Path("corpus/.ipsqa"), help="an index, for its encoder")
    given = parser.parse_args()
    measured = measure(given.articles, Encoder(open_store(given.index).encoder_folder))
    weights = fit(measured.features, measured.answerable)
    kept = {
        "fitted": "evaluation/fit_grounds.py on questions of SQuAD 2.0 (Rajpurkar, Jia and Liang 2018; CC BY-SA 4.0)",
        "bias": round(weights.bias, 4),
        "weights": {name: round(float(w), 4) for name, w in zip(FEATURES, weights.weights, strict=True)},
    }
    WEIGHTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(WEIGHTS.read_text("utf-8"))


if __name__ == "__main__":
    main()
