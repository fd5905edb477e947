"""The app in a real browser: what the owner of an essay does, on a desktop and on a phone, by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browsing import DESKTOP, PHONE, chromium, opened, served, settle
from tests.built import MANIFEST, shipped_index

expect.set_options(timeout=60_000)

QUESTION = "how did Hervanta reduce youth gang problems?"
TOPIC = "all passages on honour-related violence"

PLACES = {
    "ask": "/",
    "answer": "/?q=how+did+Hervanta+reduce+youth+gang+problems%3F",
    "find": "/find?topic=honour-related+violence",
    "within": "/find?topic=honour-related+violence&within=book.5",
    "collected": "/find?view=collected",
    "cite": "/cite?words=A+reception+centre+never+operated+in+Tampere+from+1994+to+2007+%28Kangasluoma+2007%29.",
    "draft": "/cite?task=draft",
    "read": "/read?doc=new-openings&at=300-600&words=police",
    "corpus": "/corpus",
}


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    with served(MANIFEST, shipped_index()) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened_browser:
        yield opened_browser


@pytest.fixture
def leaving(browser: Browser) -> Iterator[None]:
    """Close what a test opened."""
    yield
    for context in browser.contexts:
        context.close()


pytestmark = pytest.mark.usefixtures("leaving")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_example_is_answered_with_its_page_in_one_action(browser: Browser, app: str, size: tuple[int, int]) -> None:
    page = opened(browser, app, size)
    page.get_by_role("link", name=QUESTION).click()
    expect(page.locator(".answer").first).to_be_visible()
    passage = page.locator(".passage").first
    expect(passage.locator(".folio")).to_contain_text("p. 52")
    expect(passage.locator(".trail")).to_contain_text("Regional work in Hervanta, Tampere")
    expect(passage.locator(".credit")).to_contain_text("Riikka Susi, Elli Heikkilä")
    assert "q=how+did+Hervanta" in page.url
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_question_typed_is_answered_by_the_keyboard_alone(browser: Browser, app: str) -> None:
    page = opened(browser, app)
    box = page.get_by_role("searchbox", name="Your question")
    box.focus()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    chip = page.locator(".chip").first
    expect(chip).to_be_visible()
    chip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#cite-1 + mark")).to_be_in_viewport()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_topic_is_collected_and_downloaded(browser: Browser, app: str, size: tuple[int, int]) -> None:
    page = opened(browser, app, size)
    page.get_by_role("link", name=TOPIC).click()
    expect(page.locator(".count")).to_contain_text("passages are about")
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Table (CSV)").click()
    table = download.value.path().read_text("utf-8")
    assert table.count("\n") > 5
    assert "honour" in table


def test_passages_put_aside_survive_a_reload(browser: Browser, app: str) -> None:
    page = opened(browser, f"{app}{PLACES['find']}")
    for which in (0, 1):
        page.locator("label", has_text="Collect").nth(which).click()
    expect(page.get_by_role("link", name="Collected 2")).to_be_visible()
    page.reload()
    page.get_by_role("link", name="Collected 2").click()
    expect(page.locator("h1")).to_have_text("Collected passages")
    expect(page.locator(".passage")).to_have_count(2)


def test_a_passage_is_read_in_its_place_and_back_again(browser: Browser, app: str) -> None:
    page = opened(browser, f"{app}{PLACES['answer']}")
    page.get_by_role("link", name="Read in place").first.click()
    expect(page.locator("#here + mark").first).to_be_in_viewport()
    page.go_back()
    expect(page.locator(".answer").first).to_be_visible()
    page.go_forward()
    page.get_by_role("link", name="← Back to Ask").click()
    expect(page.locator(".answer").first).to_be_visible()


def test_on_a_phone_the_contents_make_way_for_the_heading_chosen(browser: Browser, app: str) -> None:
    page = opened(browser, f"{app}/read?doc=book&part=3", PHONE)
    page.get_by_test_id("stExpandSidebarButton").click()
    chosen = page.locator(".outline a").nth(6)
    expect(chosen).to_be_in_viewport()
    heading = page.locator(chosen.get_attribute("href") or "")
    chosen.click()
    expect(chosen).not_to_be_in_viewport()
    expect(heading).to_be_in_viewport()


def test_a_reference_is_copied(browser: Browser, app: str) -> None:
    page = opened(browser, f"{app}{PLACES['answer']}")
    page.get_by_role("button", name="Cite").first.click()
    page.get_by_role("button", name="Copy: In the text").click()
    assert page.evaluate("navigator.clipboard.readText()") == "(Susi & Heikkilä, 2011, p. 52)"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_sentence_is_cited_in_three_actions(browser: Browser, app: str, size: tuple[int, int]) -> None:
    page = opened(browser, app, size)
    page.get_by_role("link", name="Cite", exact=True).click()
    page.get_by_label("Sentence").fill("A reception centre operated in Tampere from 1994 to 2007")
    page.get_by_role("button", name="Find its place").click()
    expect(page.get_by_text("Word for word.")).to_be_visible()
    expect(page.locator(".folio").first).to_contain_text("p. 52")
    expect(page.get_by_text("(Susi & Heikkilä, 2011, p. 52)")).to_be_visible()
    page.get_by_role("button", name="Copy: In the text").click()
    assert page.evaluate("navigator.clipboard.readText()") == "(Susi & Heikkilä, 2011, p. 52)"


def test_the_strip_narrows_the_list_to_a_chapter(browser: Browser, app: str) -> None:
    page = opened(browser, f"{app}{PLACES['find']}")
    strip = page.locator('[data-testid="stVegaLiteChart"] :is(canvas, svg)').first
    expect(strip).to_be_visible()
    box = strip.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.45, box["y"] + 2.5 * 26)
    page.wait_for_url(re.compile("within=book.3"))
    expect(page.locator(".group")).to_have_count(1)
    page.go_back()
    expect(page.locator(".group").nth(1)).to_be_visible()


def test_nothing_of_one_session_is_seen_in_another(browser: Browser, app: str) -> None:
    opened(browser, f"{app}{PLACES['answer']}")
    other = opened(browser, app)
    expect(other.locator(".st-key-history")).to_have_count(0)


def test_a_hostile_address_does_nothing(browser: Browser, app: str) -> None:
    page = opened(browser, f"{app}/?q=%3Cimg%20src%3Dx%20onerror%3D%22window.hit%3D1%22%3E%20gangs")
    settle(page)
    assert page.evaluate("window.hit") is None
    assert page.locator("main img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_barrier(browser: Browser, app: str, scheme: str) -> None:
    page = opened(browser, app, scheme=scheme)
    for place in PLACES.values():
        page.goto(f"{app}{place}")
        settle(page)
        assert (place, barriers(page)) == (place, [])


def test_no_serious_barrier_in_what_opens(browser: Browser, app: str) -> None:
    page = opened(browser, f"{app}{PLACES['answer']}", scheme="dark")
    page.get_by_role("button", name="Cite").first.click()
    expect(page.get_by_role("button", name="Copy: In the text")).to_be_visible()
    assert barriers(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Searching all texts").click()
    assert barriers(page) == []


def barriers(page: Page) -> list[tuple[str, str]]:
    """What axe finds serious or critical: the rule, and the first element that breaks it."""
    page.wait_for_timeout(400)
    found = Axe().run(page).response["violations"]
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] in ("serious", "critical")]
