"""The risk-coverage curve and its picture, against values worked out by hand."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from evaluation.curves import picture, powers, tenths
from evaluation.refusal import LEAST, reshifted, risk_curve


def test_risk_is_the_share_of_negatives_among_the_highest_scores() -> None:
    score = np.arange(20, 0, -1) / 20
    positive = np.ones(20, bool)
    positive[[9, 19]] = False
    curve = risk_curve(score, positive)
    assert len(curve) == 20 - LEAST + 1
    # The tenth and the twentieth have no answer.
    assert curve[0] == pytest.approx((10 / 20, 1 / 10))
    assert curve[-2] == pytest.approx((19 / 20, 1 / 19))
    assert curve[-1] == pytest.approx((20 / 20, 2 / 20))


def test_a_picture_has_a_line_for_each_curve() -> None:
    drawn = picture(
        {"one & two": [(0.0, 0.0), (1.0, 0.5)], "three": [(0.5, 0.25)]}, tenths("across"), tenths("up", 0.5)
    )
    root = ElementTree.fromstring(drawn)  # noqa: S314 - made here
    lines = [element.get("points") for element in root.iter() if element.tag.endswith("polyline")]
    # From the lower left corner of the axes to the upper right one; and their middle.
    assert lines == ["64.0,344.0 616.0,24.0", "340.0,184.0"]
    assert "one & two" in [element.text for element in root.iter()]


def test_an_axis_by_logarithms_gives_each_power_the_same_room() -> None:
    axis = powers("passages", [1_000, 10_000, 1_000_000])
    assert [axis.share(value) for value in (1_000, 10_000, 1_000_000)] == pytest.approx([0, 1 / 3, 1])
    assert axis.marks == {1_000: "1,000", 10_000: "10,000", 1_000_000: "1,000,000"}


def test_a_shift_makes_the_mean_likelihood_the_share_with_an_answer() -> None:
    # The shift that nine tenths choose makes the likelihood of the others about the share of positives.
    found = reshifted(np.full(40, 0.5), np.tile([True, True, True, False], 10))
    assert found == pytest.approx(np.full(40, 0.75), abs=0.03)
