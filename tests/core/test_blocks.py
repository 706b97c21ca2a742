"""Numbers kept for kiosks: disjoint from the line and each other, the day without a gap."""

from collections import Counter
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.kiosk import blocks, signed, ticket
from queue_service.model.office import Tickets
from queue_service.model.visit import TicketSeries

LETTERS = Tickets().letters
BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
HOUR = timedelta(hours=1)


class Day:
    """The numbers of one day as eight kiosks draw them."""

    def __init__(self, day: date, seed: int) -> None:
        self.series = ticket.open_series(day, LETTERS, Random(seed))
        self.given: list[str] = []
        self.left: dict[int, list[str]] = {}
        self.reserved: list[str] = []

    def online(self) -> None:
        """The office's line gives the next number."""
        number, self.series = ticket.next_number(self.series, LETTERS)
        self.given.append(number)

    def offline(self, kiosk: int) -> None:
        """A kiosk gives one of its own; it asked for a block in good time."""
        if not self.left.get(kiosk):
            self.reserve(kiosk)
        self.given.append(self.left[kiosk].pop(0))

    def reserve(self, kiosk: int) -> None:
        """A kiosk keeps the next block."""
        opened, block = self.series, UUID(int=len(self.reserved))
        kept, self.series = blocks.reserve(self.series, block, kiosk)
        numbers = blocks.numbers_of(kept, opened, LETTERS)
        self.left.setdefault(kiosk, []).extend(numbers)
        self.reserved.extend(numbers)


def clock(day: date) -> list[datetime]:
    """Every hour from eight in the evening before to eight in the evening of `day`."""
    begins = datetime(day.year, day.month, day.day, tzinfo=BERLIN) - 4 * HOUR
    return [begins.astimezone(ZoneInfo("UTC")) + n * HOUR for n in range(24)]


@pytest.mark.parametrize("change", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_ten_thousand_tickets_of_eight_kiosks_over_midnight_and_a_clock_change(
    change: date,
) -> None:
    chance, days = Random(change.toordinal()), dict[date, Day]()
    hours = clock(change)
    for n in range(10_000):
        local = hours[n * len(hours) // 10_000].astimezone(BERLIN).date()
        day = days.setdefault(local, Day(local, chance.randrange(10**6)))
        kiosk = chance.randrange(8)
        if chance.random() < 0.4:
            day.offline(kiosk)
        else:
            day.online()
    assert sorted(days) == [change - timedelta(days=1), change]
    assert sum(len(day.given) for day in days.values()) == 10_000
    for day in days.values():
        assert len(set(day.given)) == len(day.given), "no number twice in a day"
        every = numbers_to(day.series)
        unused = [number for numbers in day.left.values() for number in numbers]
        assert Counter(every) == Counter([*day.given, *unused]), "gapless but for what is kept"
        assert set(unused) <= set(day.reserved)


def numbers_to(series: TicketSeries) -> list[str]:
    """Every number up to where the series stands."""
    return [blocks.number_at(series, place, LETTERS) for place in range(series.issued)]


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 7)), max_size=60),
    st.integers(0, 2**32),
)
def test_blocks_are_disjoint_from_the_line_and_from_each_other(
    wishes: list[int | None], seed: int
) -> None:
    day = Day(date(2026, 11, 23), seed)
    for wish in wishes:
        if wish is None:
            day.online()
        else:
            day.reserve(wish)
    drawn = [*day.given, *day.reserved]
    assert len(set(drawn)) == len(drawn)
    assert Counter(drawn) == Counter(numbers_to(day.series))


def test_letters_reveal_nothing() -> None:
    firsts = Counter(
        ticket.open_series(date(2026, 1, 1), LETTERS, Random(seed)).letter for seed in range(1_600)
    )
    assert set(firsts) == set(LETTERS)
    assert max(firsts.values()) < 2 * 1_600 / len(LETTERS), "no letter is the usual one"
    day = Day(date(2026, 11, 23), 5)
    for kiosk in (1, 2, 3):
        day.reserve(kiosk)
    day.online()
    assert len({number[0] for number in [*day.given, *day.reserved]}) <= 2, "nor says the kiosk"


@pytest.mark.parametrize("day", [date(2026, 11, 23), SPRING, AUTUMN])
@given(shift=st.integers(-4 * 86_400, 4 * 86_400), minute=st.integers(0, 1_439))
def test_what_a_device_claims_stays_within_the_day_and_out_of_the_future(
    day: date, shift: int, minute: int
) -> None:
    begins = datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(ZoneInfo("UTC"))
    now = (begins + timedelta(minutes=minute)).astimezone(BERLIN)
    if now.date() != day:
        return
    claimed = now + timedelta(seconds=shift)
    taken = blocks.bounded(claimed, day, now)
    assert taken.astimezone(BERLIN).date() == day
    assert taken.timestamp() <= now.timestamp()
    if begins <= claimed.astimezone(ZoneInfo("UTC")) <= now:
        assert taken.timestamp() == claimed.timestamp()


def test_a_signed_number_is_never_mistaken_for_a_confirmation() -> None:
    said = blocks.message("heidelberg", UUID(int=1), 3, "K123")
    others = {
        blocks.message("stuttgart", UUID(int=1), 3, "K123"),
        blocks.message("heidelberg", UUID(int=2), 3, "K123"),
        blocks.message("heidelberg", UUID(int=1), 4, "K123"),
        blocks.message("heidelberg", UUID(int=1), 3, "K124"),
    }
    assert said not in others
    assert len(others) == 4
    assert said[0] != signed.VERSION
