"""Settings and filters."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from index.engine import EVERYWHERE, Settings, SettingsError, Where, fold
from ingest.model import Passage, Span

PASSAGE = Passage(
    id="p",
    span=Span("book", 0, 4),
    path=("Sweden", "Good practice 2: The Lärjedalen work"),
    kind="prose",
    text="Text",
    sentences=(),
    authors=("Elli Heikkilä", "Emilio José Gómez Ciriano"),
    country="Sweden",
)


def test_settings_survive_json() -> None:
    settings = Settings(token_dims=64, b=0.5)
    assert Settings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
    assert Settings.from_json({"k1": 2}) == replace(Settings(), k1=2)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"modle": "x"}, "modle: unknown setting; known are model, "),
        ({"token_dims": "64"}, 'token_dims = "64": must be of type int'),
        ({"token_dims": True}, "token_dims = true: must be of type int"),
        ({"token_dims": 0}, "token_dims = 0: must be an even number above 0"),
        ({"token_dims": 63}, "token_dims = 63: must be an even"),
        ({"model": ""}, "model: must name a model"),
        ({"b": 1.5}, "b must lie between 0 and 1"),
        ({"k1": -1}, "must not be negative"),
    ],
)
def test_settings_that_cannot_be_used_are_told(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        Settings.from_json(given)


@pytest.mark.parametrize(
    "where",
    [
        EVERYWHERE,
        Where(docs=("eu-mia", "book")),
        Where(countries=("SWEDEN",)),
        Where(sections=("larjedalen",)),
        Where(sections=("spain", "good practice 2")),
        Where(authors=("heikkila",)),
        Where(authors=("GÓMEZ",)),
        Where(kinds=("prose",), docs=("book",)),
    ],
)
def test_a_filter_lets_through_what_fits_all_its_fields(where: Where) -> None:
    assert where.matches(PASSAGE)


@pytest.mark.parametrize(
    "where",
    [
        Where(docs=("eu-mia",)),
        Where(countries=("Spain",)),
        Where(countries=("Swed",)),
        Where(sections=("Lessons",)),
        Where(authors=("Susi",)),
        Where(kinds=("table",)),
        Where(docs=("book",), countries=("Spain",)),
    ],
)
def test_a_filter_keeps_out_what_fails_one(where: Where) -> None:
    assert not where.matches(PASSAGE)


def test_a_passage_of_no_country_is_of_none() -> None:
    assert not Where(countries=("Sweden",)).matches(replace(PASSAGE, country=None))


def test_a_filter_is_true_where_it_keeps_anything_out() -> None:
    assert not EVERYWHERE
    assert Where(kinds=("prose",))


def test_folding_takes_case_and_accents_away() -> None:
    assert fold("GÖTEBORG Straße") == "goteborg strasse"
