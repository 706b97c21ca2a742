"""The season of residence cards: 900 are ready in Stuttgart, and a rule has something to say."""

import asyncio
from datetime import datetime, timedelta

from queue_service.flows.capacity import surging
from queue_service.house import close_house, open_house
from tests.city import BEGIN, City, set_clocks
from tests.conftest import aside
from tests.served import Hall


def begin(stuttgart: Hall) -> None:
    """The list is in, and the leader has looked until a rule must have fired."""
    rows = [f"S{n:06};ready;{BEGIN.date()}" for n in range(900)]
    answer = stuttgart.staff("manager").post(
        "/api/v1/offices/stuttgart/card-lists",
        content="\n".join(["serial;state;date", *rows]),
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 200, answer.text
    # The server looks by itself as well, perhaps a moment before the list was there.
    for minutes in (1, 4, 40):
        look(stuttgart.served.city, BEGIN + timedelta(minutes=minutes))


def look(city: City, at: datetime) -> None:
    """It is `at`, and the leader looks at every rule."""

    async def run() -> None:
        house = await open_house(city.settings(), follow=False)
        try:
            await house.follower.refresh()
            await surging.look(house, house.follower.offices["stuttgart"])
        finally:
            await close_house(house)

    def looking() -> None:
        set_clocks(city, at)
        asyncio.run(run())

    aside(looking)  # a browser keeps a loop in this thread
