"""What is answered before a time is shown, looked at in every language, dark and light, at 320."""

from collections.abc import Iterator

import pytest

from queue_service.language import direction
from tests.browser.conftest import (
    LANGUAGES,
    NARROW,
    PHONE,
    Opens,
    colours_in,
    enter,
    faults,
    sideways,
)
from tests.city import Served
from tests.served import Hall, hall_of, soon

OFFICE = "/api/v1/offices/stuttgart"
CARDS = {lang: (f"ST1000{n}", f"ST2000{n}") for n, lang in enumerate(LANGUAGES)}
LIST = "serial,state,date\n" + "".join(
    f"{serial},ready,2026-11-20\n" for pair in CARDS.values() for serial in pair
)


@pytest.fixture(scope="module")
def cards(served: Served) -> Iterator[Hall]:
    """Stuttgart, which has a list of cards; Heidelberg's stays without for the other screens."""
    with hall_of(served, "stuttgart") as hall:
        assert hall.staff("manager").post(f"{OFFICE}/card-lists", content=LIST).status_code == 200
        asked = {"service": "PICK", "cards": ["ST99999"]}
        soon(
            lambda: hall.anyone.post(f"{OFFICE}/card-checks", json=asked).status_code,
            lambda status: status == 409,
        )
        yield hall


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_no_is_readable(opens: Opens, cards: Hall, lang: str) -> None:
    page = opens(PHONE)
    wrong: list[str] = []
    mine = CARDS[lang]

    def look(name: str) -> None:
        wrong.extend(f"{name}: {fault}" for fault in faults(page, colours=colours_in(lang)))
        assert page.locator("html").get_attribute("dir") == direction(lang)
        page.set_viewport_size(NARROW)
        if sideways(page) > 0:
            wrong.append(f"{name}: {sideways(page)} pixels too wide")
        page.set_viewport_size(PHONE)

    home = f"/{lang}/stuttgart"
    for path in (
        f"{home}/service/TRAN",
        f"{home}/service/APPL",
        f"{home}/book?service=TRAN&postcode=70734",
        f"{home}/book?service=TRAN&postcode=00000",
        f"{home}/book?service=TRAN&also.PICK=1",
        f"{home}/book?service=PICK&persons=2",
    ):
        page.goto(path)
        look(path)
    page.locator("main form button").last.click()
    look("no numbers")
    page.locator('[name="number.1"]').fill(mine[0])
    page.locator('[name="number.2"]').fill("ST99999")
    page.locator("main form button").last.click()
    look("not ready")
    page.locator("main form button").first.click()
    look("no address")
    page.locator("[name=email]").fill("lena@example.org")
    page.locator("main form button").first.click()
    look("told")
    page.locator("a[href*=forget]").first.click()
    look("forget the address?")
    page.locator("main form button").click()
    look("forgotten")
    page.goto(f"{home}/book?service=PICK&persons=2")
    page.locator('[name="number.1"]').fill(mine[0])
    page.locator('[name="number.2"]').fill(mine[1].lower())
    page.locator("main form button").last.click()
    page.locator("input[name=start]:not([disabled])").first.check()
    page.locator("form:has(input[name=start]) button[type=submit]").first.click()
    look("questions")
    page.locator("button[value=check]").last.click()
    look("questions with errors")
    page.locator('[name="q.under_16"]').fill("0")
    page.locator("#name").fill("Amal Öztürk")
    page.locator("button[value=check]").last.click()
    look("check")
    assert wrong == []


def test_the_list_of_cards_in_the_console(opens: Opens, cards: Hall) -> None:
    page = opens({"width": 1280, "height": 800})
    enter(page, cards, staff="manager")
    page.goto("/de/console/stuttgart/cards")
    assert faults(page) == []
    page.set_viewport_size(NARROW)
    assert sideways(page) == 0
