"""First visits stay small: bytes on the wire, requests, scripts; third parties are never asked.

What the browser's own frame asks for, once a week and after the page, is left out: the icon.
"""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PHONE, Opens, enter
from tests.served import Hall

SETTLED_MS = 400


class Wire:
    """What a first visit costs; live streams and the service worker's copies are left out."""

    def __init__(self, page: Page, path: str) -> None:
        self.kinds: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self.bodies: dict[str, int] = {}
        self.urls: list[str] = []
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", lambda e: self.urls.append(e["request"]["url"]))
        session.on("Network.responseReceived", self._answered)
        session.on("Network.dataReceived", self._received)
        session.on("Network.loadingFinished", self._finished)
        page.goto(path)
        page.wait_for_timeout(SETTLED_MS)

    def _answered(self, event: dict[str, Any]) -> None:
        answer = event["response"]
        icon = answer["url"].endswith("/favicon.ico")
        if not icon and answer["mimeType"] != "text/event-stream":
            self.kinds[event["requestId"]] = event["type"]

    def _received(self, event: dict[str, Any]) -> None:
        key = event["requestId"]
        self.bodies[key] = self.bodies.get(key, 0) + int(event["encodedDataLength"])

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self.kinds:
            self.sizes[event["requestId"]] = int(event["encodedDataLength"])

    @property
    def size(self) -> int:
        """Bytes of everything, headers included."""
        return sum(self.sizes.values())

    @property
    def script(self) -> int:
        """Bytes of scripts as compressed."""
        return sum(size for key, size in self.bodies.items() if self.kinds.get(key) == "Script")


def assert_within(wire: Wire, *, size: int, requests: int, script: int) -> None:
    measured = {"bytes": wire.size, "requests": len(wire.kinds), "script": wire.script}
    assert wire.size <= size, measured
    assert len(wire.kinds) <= requests, measured
    assert wire.script <= script, measured
    assert all(url.startswith(("http://localhost:", "data:")) for url in wire.urls), wire.urls


@pytest.mark.parametrize("lang", ["de", "ar"])
def test_applicants_pages(opens: Opens, hall: Hall, lang: str) -> None:
    booking = hall.book()
    ticket = hall.walk_in()["ticket"]
    for path in (
        "",
        "/heidelberg",
        "/heidelberg/service/EMER",
        "/heidelberg/book?service=PICK&persons=1",
        f"/b/{booking['code']}/{booking['secret']}",
        f"/b/{booking['code']}/{booking['secret']}/move",
        f"/t/{ticket}",
    ):
        wire = Wire(opens(PHONE), f"/{lang}{path}")
        assert_within(wire, size=14_000, requests=3, script=3_000)


def test_kiosk(opens: Opens, hall: Hall) -> None:
    wire = Wire(enter(opens(), hall, device="kiosk"), "/de/kiosk")
    assert_within(wire, size=120_000, requests=10, script=12_000)


def test_guides_tablet_with_what_it_needs_without_network(opens: Opens, hall: Hall) -> None:
    page = enter(opens(), hall, device="tablet")
    wire = Wire(page, "/de/guide")
    assert_within(wire, size=40_000, requests=6, script=10_000)
    with page.expect_response("**/numbers.js"):  # once the page stands
        pass
    page.wait_for_timeout(SETTLED_MS)
    assert any(url.endswith("/guide_alone.js") for url in wire.urls)
    assert wire.script <= 10_000, wire.bodies


def test_display(opens: Opens, hall: Hall) -> None:
    wire = Wire(opens(service_workers="block"), "/board/heidelberg.board-1")
    assert_within(wire, size=60_000, requests=8, script=4_000)


def test_display_that_keeps_its_shell(opens: Opens) -> None:
    wire = Wire(opens(), "/board/heidelberg.board-1")
    # The worker fetches the shell once more to keep it.
    assert_within(wire, size=60_000, requests=8 + 7, script=4_000)


def test_desk(opens: Opens, hall: Hall) -> None:
    for _ in range(12):
        hall.walk_in()
    wire = Wire(enter(opens(), hall, staff="clerk"), "/de/desk/heidelberg.1")
    assert_within(wire, size=40_000, requests=6, script=10_000)
    hall.clear()
