"""A Heidelberg day, made small: kiosk, guide and desks over HTTP, judged by the journal.

At full scale it is `queue-service bench heidelberg`.
"""

import asyncio
from datetime import timedelta
from pathlib import Path

from bench import heidelberg
from bench.heidelberg import Judged
from queue_service.house import close_house, open_house
from tests.city import BEGIN, City, serving
from tests.conftest import settled

SHARE = 0.1
"""Of the 119 visitors."""


async def replayed(city: City, port: int) -> Judged:
    house = await open_house(city.settings())
    try:
        tomorrow = BEGIN.date() + timedelta(days=1)
        return await heidelberg.replayed(house, port, share=SHARE, day=tomorrow)
    finally:
        await close_house(house)


def test_a_day_over_http_is_legal_in_time_and_reported_as_the_journal_has_it(
    postgres: str, founded: City, tmp_path: Path
) -> None:
    with settled(postgres, founded) as city, serving(city, tmp_path) as running:
        judged = asyncio.run(replayed(city, running.port))
    assert judged.wrong_steps == []
    assert (judged.skipped, judged.called_twice) == (0, 0)
    assert judged.visitors >= 10
    assert judged.calls >= judged.visitors
    assert judged.in_house == 0
    assert judged.emergencies >= 1
    assert judged.accepted == judged.emergencies
    assert judged.long_waits == 0
    assert judged.differences == []
