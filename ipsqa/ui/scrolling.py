"""Bringing a place of the page into sight, once; and what lies over it out of the way."""

from __future__ import annotations

from functools import cache

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

_JS = """
export default function ({ data, parentElement }) {
  if (parentElement.host?.dataset.done === data.token) return;
  const until = Date.now() + 3000;
  const look = () => {
    const place = document.getElementById(data.place);
    if (place) {
      if (parentElement.host) parentElement.host.dataset.done = data.token;
      place.scrollIntoView({ block: "center" });
    } else if (Date.now() < until) {
      requestAnimationFrame(look);
    }
  };
  look();
}
"""

_FOLD_JS = """
export default function () {
  const root = document.documentElement;
  if (root.dataset.folds) return;
  root.dataset.folds = "contents";
  document.addEventListener("click", (event) => {
    if (event.target.closest('[data-testid="stSidebar"] a') && matchMedia("(max-width: 768px)").matches)
      document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  });
}
"""


@cache
def _scroller() -> ComponentRenderer:
    return st.components.v2.component("ipsqa_scroll", js=_JS)


def scroll_to(place: str, token: str) -> None:
    """Scroll to the element with that id, as often as `token` changes."""
    _scroller()(data={"place": place, "token": token}, height=1)


@cache
def _folder() -> ComponentRenderer:
    return st.components.v2.component("ipsqa_fold", js=_FOLD_JS)


def fold_contents() -> None:
    """Fold the contents away when a link in them is followed, where they cover the text of a narrow screen."""
    _folder()(height=1)
