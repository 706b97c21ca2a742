"""A kiosk cut off from its server: it goes on alone, survives a restart, and nothing comes twice.

The browser keeps its profile on disk, as a kiosk does. Half an hour passes on the office's clock.
"""

import io
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import servers
from tests.browser.conftest import faults, sideways
from tests.browser.line import Line, line_to
from tests.browser.test_kiosk_screens import KIOSK, scan
from tests.city import serving, set_clocks
from tests.conftest import aside
from tests.served import Hall, ask, instant, soon
from tests.web.test_confirmations import signed_of

MANY = 47
KEPT = """() => new Promise((yes, no) => {
  const opening = indexedDB.open("queue", 1);
  opening.onerror = () => no(opening.error);
  opening.onsuccess = () => {
    const stores = opening.result.transaction(["outbox", "refused", "kept"]);
    const found = {};
    for (const name of ["outbox", "refused", "kept"]) {
      const asked = stores.objectStore(name).getAll();
      asked.onsuccess = () => { found[name] = asked.result; };
    }
    stores.oncomplete = () => { opening.result.close(); yes(found); };
  };
})"""

MANY_NUMBERS = """async (many) => {
  const { src } = document.querySelector("script[type=module]");
  const { give } = await import(src.replace("kiosk.js", "numbers.js"));
  const found = [];
  for (let n = 0; n < many; n += 1) {
    const given = await give({ service: "PICK", lang: "uk", key: crypto.randomUUID() });
    found.push(given.number ?? given.sorry);
  }
  return found;
}"""


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> None:
    hall.clear()


@pytest.fixture
def line(hall: Hall) -> Iterator[Line]:
    """Between the kiosk and the house."""
    with line_to(hall.served.port) as made:
        yield made


class Kiosk:
    """A kiosk with a profile on disk; it can be switched off and on."""

    def __init__(self, browser: Browser, folder: Path, port: int) -> None:
        self._browser, self._folder = browser, folder
        self.url = f"http://localhost:{port}"
        self._context: BrowserContext | None = None
        self.page = self.on()

    def on(self) -> Page:
        """Switch it on; it shows nothing yet."""
        self._context = self._browser.browser_type.launch_persistent_context(
            str(self._folder),
            executable_path=servers.find_chromium(),
            args=list(servers.BROWSER_OPTIONS),
            viewport=KIOSK,
            base_url=self.url,
            reduced_motion="reduce",
        )
        self._context.set_default_timeout(15_000)
        self.page = self._context.pages[0]
        return self.page

    def off(self) -> None:
        """Somebody pulls the plug."""
        if self._context is not None:
            self._context.close()
            self._context = None

    def take_along(self, key: str) -> None:
        """Enrol it, and wait until it has everything for the time without network."""
        cookie: Any = {
            "name": "queue_device",
            "value": key,
            "url": self.url,
            "expires": 2_000_000_000,
        }
        self.page.context.add_cookies([cookie])
        self.page.goto("/de/kiosk")
        self.page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
        soon(self.blocks, lambda found: len(found) >= 1, 30)

    def kept(self) -> dict[str, list[Any]]:
        """What it remembers."""
        return dict(self.page.evaluate(KEPT))

    def blocks(self) -> list[Any]:
        """The numbers it keeps."""
        return [each for each in self.kept()["kept"] if isinstance(each, dict) and "block" in each]

    def number(self, lang: str = "de", service: int = 0, persons: int = 1) -> str:
        """Somebody gets a number by hand, in their language."""
        self.page.goto(f"/{lang}/kiosk")
        self.page.locator("[data-go=number]:visible").click()
        expect(self.page.locator("[data-screen=number]")).to_be_visible()
        self.page.locator(f"input[name=persons][value='{persons}']").check(force=True)
        self.page.locator("[data-services] button").nth(service).click()
        return self.shown()

    def scanned(self, code: str) -> str:
        """Somebody holds up a code; the number they get."""
        self.page.goto("/de/kiosk")
        expect(self.page.locator("[data-screen=start]")).to_be_visible()
        scan(self.page, code)
        return self.shown()

    def many_numbers(self, many: int) -> list[str]:
        """So many people get a number, quicker than their hands could."""
        return list(self.page.evaluate(MANY_NUMBERS, many))

    def shown(self) -> str:
        """The number on the screen."""
        shown = self.page.locator(".kiosk-number")
        expect(shown).to_be_visible()
        return shown.inner_text()


@pytest.fixture
def kiosk(browser: Browser, hall: Hall, line: Line, tmp_path: Path) -> Iterator[Kiosk]:
    """The entrance's kiosk on that line, in German, ready for anything."""
    made = Kiosk(browser, tmp_path / "profile", line.port)
    made.take_along(hall.device("kiosk"))
    yield made
    with suppress(Exception):
        made.off()


def pass_minutes(hall: Hall, minutes: int) -> None:
    """It is later in the office."""
    now = instant(hall.anyone.get("/api/v1/offices/heidelberg").json()["now"])
    aside(lambda: set_clocks(hall.served.city, now + timedelta(minutes=minutes)))


def told(hall: Hall, numbers: list[str]) -> list[Any]:
    """The visits of these numbers, in the order in which they arrived."""
    return ask(
        hall.served.city,
        "select number, language, parts, arrived, booking from visit"
        " where number = any($1::text[]) order by arrived, seq",
        numbers,
    )


def test_half_an_hour_without_network_and_a_restart_lose_nothing_and_double_nothing(
    hall: Hall, kiosk: Kiosk, line: Line
) -> None:
    codes = [signed_of(hall, hall.book_soon()) for _ in range(2)]
    line.cut()
    numbers = [kiosk.scanned(codes[0]), kiosk.number("ar", persons=3)]
    assert faults(kiosk.page) == []
    picture = Image.open(io.BytesIO(kiosk.page.locator("[data-qr]").screenshot()))
    [read] = zxingcpp.read_barcodes(picture)
    assert sideways(kiosk.page) <= 0
    numbers += kiosk.many_numbers(20)
    kiosk.off()
    kiosk.on()
    numbers.append(kiosk.scanned(codes[1]))
    kiosk.page.goto("/de/kiosk")
    for code in (codes[0], codes[1]):
        scan(kiosk.page, code)
        expect(kiosk.page.locator("[data-sorry=already_checked_in]")).to_be_visible()
        assert not set(numbers) & set(kiosk.page.locator("main").inner_text().split())
        kiosk.page.locator("[data-screen=sorry] [data-go=start]").click()
    numbers.append(kiosk.number("en", service=1))
    numbers += kiosk.many_numbers(MANY - len(numbers))
    assert len(kiosk.kept()["outbox"]) == MANY
    pass_minutes(hall, 30)
    line.mend()
    kiosk.page.goto("/de/kiosk")
    soon(lambda: len(kiosk.kept()["outbox"]), lambda rows: rows == 0, 30)
    assert kiosk.kept()["refused"] == []
    visits = told(hall, numbers)
    assert [v["number"] for v in visits] == numbers, "nobody lost, nobody twice, in their order"
    assert len({v["arrived"] for v in visits}) == MANY
    assert sum(v["booking"] is not None for v in visits) == 2
    assert visits[1]["language"] == "ar"
    ticket = hall.anyone.get(f"/api/v1/tickets/{read.text.rpartition('/')[2]}").json()
    assert ticket["number"] == numbers[1], "the picture on the screen leads to the ticket"
    again = hall.kiosk.post("/api/v1/kiosk/check-ins", json={"code": codes[0]}).json()
    assert (again["number"], again["instructions"]) == (numbers[0], "already_checked_in")


def test_a_server_that_was_killed_hears_everything_once_another_is_there(
    browser: Browser, hall: Hall, tmp_path: Path
) -> None:
    (tmp_path / "server").mkdir()
    with (
        serving(hall.served.city, tmp_path / "server") as running,
        line_to(running.port) as line,
    ):
        kiosk = Kiosk(browser, tmp_path / "profile", line.port)
        kiosk.take_along(hall.device("kiosk"))
        kiosk.page.goto("/de/kiosk/number")
        kiosk.page.locator("button[name=service]").first.click()
        numbers = [kiosk.shown()]
        kiosk.page.goto("/de/kiosk/number")
        line.cut()
    kiosk.page.locator("button[name=service]").first.click()
    kiosk.page.wait_for_url("**/kiosk/offline*")
    numbers.append(kiosk.shown())
    numbers += kiosk.many_numbers(10)
    line.lead_to(hall.served.port)
    line.mend()
    kiosk.page.locator("[data-leave]:visible").click()
    soon(lambda: len(kiosk.kept()["outbox"]), lambda rows: rows == 0, 30)
    assert kiosk.kept()["refused"] == []
    kiosk.off()
    line.cut()
    assert [v["number"] for v in told(hall, numbers)] == numbers
