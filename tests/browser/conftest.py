"""One served city for all browsers of the run, and what tests look at a page with."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from queue_service.language import LANGUAGES as EVERY
from tests import servers
from tests.city import City, Served, serving
from tests.conftest import settled
from tests.served import Hall, hall_of

SPOKEN = ("de", "en", "ar")
"""Languages in which every screen is looked at, in both directions of reading."""
LANGUAGES = EVERY if os.environ.get("QUEUE_SOAK") else SPOKEN
"""Of what applicants and visitors see; at length in all."""
PHONE = ViewportSize(width=390, height=844)
NARROW = ViewportSize(width=320, height=640)

# Two cores for browser, server, database and tests: what takes a moment may take some.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def post() -> Iterator[servers.Letters]:
    """The post office of the city."""
    with servers.smtp() as letters:
        yield letters


@pytest.fixture(scope="session")
def letters_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the demo's page of letters shows."""
    return tmp_path_factory.mktemp("letters")


@pytest.fixture(scope="session")
def served(
    postgres: str,
    founded: City,
    post: servers.Letters,
    letters_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """The real server, one for the run: browsers cost enough."""
    told = {
        "QUEUE_SMTP_HOST": post.host,
        "QUEUE_SMTP_PORT": str(post.port),
        "QUEUE_DEMO_LETTERS": str(letters_folder),
    }
    with (
        settled(postgres, founded) as city,
        serving(city, tmp_path_factory.mktemp("served"), **told) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def hall(served: Served) -> Iterator[Hall]:
    """Heidelberg with everybody in it."""
    with hall_of(served) as made:
        yield made


Opens = Callable[..., Page]


@pytest.fixture
def opens(browser: Browser, served: Served) -> Iterator[Opens]:
    """Open a page in a browser of its own; the test fails when a script or the CSP complained.

    Nothing moves: colours on their way from one to the other are neither.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def one(viewport: Any = PHONE, *, scripts: bool = True, **more: Any) -> Page:
        context = browser.new_context(
            viewport=viewport,
            java_script_enabled=scripts,
            base_url=served.url,
            reduced_motion="reduce",
            locale="en-US",
            **more,
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda line: complaints.append(line.text) if is_complaint(line) else None
        )
        return page

    yield one
    for context in contexts:
        context.close()
    assert complaints == []


def is_complaint(line: Any) -> bool:
    """Chromium also logs each refused or cut request, which may be what the test is about."""
    return line.type == "error" and not line.text.startswith("Failed to load resource")


SCHEMES = ("light", "dark")
AXE_ITSELF = Axe().axe_script
AXE = """options => axe.run({ resultTypes: ["violations"], preload: false, ...options })
  .then(found => found.violations.flatMap(rule =>
    rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 160)}`)))"""


def faults(page: Page, *, colours: Sequence[str] = SCHEMES) -> list[str]:
    """What axe finds, as rule and element; of contrast only in these schemes.

    Colours are half of its work and the same in every language: one of them may stand for all.
    """
    if not page.evaluate("'axe' in window"):
        # Each document opened from now on brings it: a quarter of the price of handing it over.
        page.add_init_script(script=AXE_ITSELF)
        page.evaluate(AXE_ITSELF)
    judged = {"rules": {"color-contrast": {"enabled": "light" in colours}}}
    found: list[str] = page.evaluate(AXE, judged)
    if "dark" in colours:
        # Without motion: half way from one colour to the other is nobody's contrast.
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found += page.evaluate(AXE, {"runOnly": ["color-contrast"]})
        page.emulate_media(color_scheme="light")
    return found


def colours_in(language: str) -> Sequence[str]:
    """Where a screen is seen in several languages: its colours in German, at length in all."""
    return SCHEMES if language == "de" or os.environ.get("QUEUE_SOAK") else ()


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    script = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(page.evaluate(script))


def enter(page: Page, hall: Hall, *, staff: str = "", device: str = "", fresh: str = "") -> Page:
    """Give this browser the cookie of somebody who signed in, or of an enrolled device.

    `fresh` is the role of a device that no other test has used.
    """
    if staff:
        key = hall.token(staff)
    else:
        key = hall.device(fresh) if fresh else getattr(hall.links, device).key
    name = "queue_staff" if staff else "queue_device"
    cookie: Any = {"name": name, "value": key, "url": hall.served.url}
    page.context.add_cookies([cookie])
    return page
