"""Pictures of every page for the README: `python -m tests.screenshots FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlencode

import ipsqa
from tests.browsing import DESKTOP, PHONE, chromium, opened, served, settle
from tests.built import MANIFEST, shipped_index

QUESTION = "how did Hervanta reduce youth gang problems?"
PICTURES = {
    "ask": "/",
    "answer": f"/?{urlencode({'q': QUESTION})}",
    "find": "/find?topic=honour-related+violence",
    "cite": "/cite?words=Due+to+the+decreased+number+of+immigrant+youngsters%2C+problems+such+as+gang+activity+began"
    "+to+emerge+among+them+in+the+early+2000s.",
    "corpus": "/corpus",
}
SIZES = {"desktop": DESKTOP, "phone": PHONE}


def main(folder: Path) -> None:
    """Take a picture of each page at both sizes, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    cited = ipsqa.open(MANIFEST, shipped_index()).ask(QUESTION).citations[-1].span
    pictures = {**PICTURES, "read": f"/read?doc={cited.doc}&at={cited.start}-{cited.end}"}
    with served(MANIFEST, shipped_index()) as address, chromium() as browser:
        for size, dimensions in SIZES.items():
            for scheme in ("light", "dark"):
                page = opened(browser, address, dimensions, scheme)
                for name, place in pictures.items():
                    page.goto(f"{address}{place}")
                    settle(page)
                    # Charts are drawn, and places scrolled to, after the app has said its last word.
                    page.wait_for_timeout(1200)
                    page.screenshot(path=folder / f"{name}-{size}-{scheme}.png")
                page.context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
