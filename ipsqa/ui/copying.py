"""Words to take along: shown, with a button that copies them."""

from __future__ import annotations

from functools import cache

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from ipsqa.ui.markup import escape

_HTML = '<button type="button"></button><span role="status"></span>'
_CSS = """
button {
  font: 500 .9rem/1.4 var(--st-font); color: var(--st-link-color); background: none; cursor: pointer;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); padding: .25rem .7rem;
}
button:hover { border-color: currentColor; }
button:focus-visible { outline: 2px solid var(--st-link-color); outline-offset: 2px; }
span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
"""
_JS = """
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  const told = parentElement.querySelector("span");
  const name = data.name;
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${name}`);
  const copied = () => {
    button.textContent = "Copied";
    told.textContent = `${name}: copied`;
    setTimeout(() => { button.textContent = "Copy"; told.textContent = ""; }, 1600);
  };
  const byHand = () => {
    const field = document.createElement("textarea");
    field.value = data.text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    copied();
  };
  button.onclick = () =>
    navigator.clipboard ? navigator.clipboard.writeText(data.text).then(copied, byHand) : byHand();
}
"""


@cache
def _button() -> ComponentRenderer:
    return st.components.v2.component("ipsqa_copy", html=_HTML, css=_CSS, js=_JS)


def copy_button(name: str, text: str) -> None:
    """A button that copies `text`; `name` says what it is."""
    _button()(data={"name": name, "text": text}, width="content")


def copy_box(name: str, text: str, html: str = "") -> None:
    """`text` under its name with a button that copies it; `html` is the same, escaped, with its italics."""
    with st.container(horizontal=True, vertical_alignment="top", gap="small", wrap=False):
        # A long text scrolls, which a keyboard must reach.
        box = f'<p class="taken" role="group" aria-label="{escape(name)}" tabindex="0">{html or escape(text)}</p>'
        st.html(f'<p class="eyebrow">{escape(name)}</p>{box}')
        copy_button(name, text)
