"""An office that wants notice before a move or a cancellation: what its pages still offer."""

import asyncio
from collections.abc import Iterator

import msgspec
import pytest

from queue_service.flows.capacity import planning
from queue_service.house import close_house, open_house
from tests.city import at_once
from tests.presets import preset
from tests.served import Hall, own, soon

A_MONTH = 31 * 24 * 60
FIXED = "This appointment can no longer be moved or cancelled here."


def want_notice(hall: Hall, minutes: int) -> None:
    office = at_once(preset("heidelberg"))
    rules = msgspec.structs.replace(office.booking, cancel_minutes_before=minutes)

    async def run() -> None:
        house = await open_house(hall.served.city.settings(), follow=False)
        try:
            await planning.load(house, msgspec.structs.replace(office, booking=rules))
        finally:
            await close_house(house)

    asyncio.run(run())


@pytest.fixture
def notice(hall: Hall) -> Iterator[None]:
    want_notice(hall, A_MONTH)
    yield
    want_notice(hall, 0)


def test_an_appointment_can_be_moved_and_cancelled_by_its_page(hall: Hall) -> None:
    booked = hall.book()
    page = f"/en/b/{booked['code']}/{booked['secret']}"
    shown = hall.anyone.get(page).text
    assert FIXED not in shown
    assert f"{page}/move" in shown
    assert f"{page}/cancel" in shown


@pytest.mark.usefixtures("notice")
def test_what_is_too_near_is_offered_nowhere_and_the_page_says_so(hall: Hall) -> None:
    booked = hall.book()
    page = f"/en/b/{booked['code']}/{booked['secret']}"
    shown = soon(lambda: hall.anyone.get(page).text, lambda text: FIXED in text)
    phone = preset("heidelberg").place.phone
    assert phone in shown
    for way in ("move", "cancel"):
        assert f"{page}/{way}" not in shown
        asked = hall.anyone.get(f"{page}/{way}", follow_redirects=True)
        assert FIXED in asked.text
    pressed = hall.anyone.post(f"{page}/cancel", follow_redirects=True)
    assert FIXED in pressed.text
    path = f"/api/v1/bookings/{booked['code']}"
    assert hall.anyone.delete(path, headers=own(booked)).json()["code"] == "too_late"
    assert hall.anyone.get(path, headers=own(booked)).json()["state"] == "booked"
