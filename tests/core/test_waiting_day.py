"""A simulated day of the Stuttgart preset: freed places are filled, in an order that is proved."""

import random
from datetime import timedelta

import msgspec
import pytest

from bench import waiting
from bench.waiting_day import Day
from bench.waiting_people import proved
from queue_service.events.waiting import OfferMade, WaitingFact
from queue_service.slots import proof


@pytest.fixture(scope="module")
def played() -> tuple[Day, waiting.Filled]:
    """One day, looked at every five minutes."""
    found = waiting.Filled()
    step = timedelta(minutes=5)
    day = waiting.play("stuttgart", 3, waiting.FIRST_DAY, found, on_list=60, step=step)
    return day, found


def test_nine_of_ten_freed_places_are_filled_while_ten_or_more_wait(
    played: tuple[Day, waiting.Filled],
) -> None:
    _, found = played
    assert found.freed >= 5
    assert found.filled / found.freed >= 0.9
    assert found.no_shows > 0


def test_nobody_held_two_offers_and_no_cell_was_over(played: tuple[Day, waiting.Filled]) -> None:
    day, found = played
    assert found.two_offers == 0
    counted = day.taken()
    for key, cell in day.cells.items():
        assert cell is not None
        assert cell.taken == counted.get(key, 0) <= cell.capacity


def test_the_order_is_proved_by_the_journal(played: tuple[Day, waiting.Filled]) -> None:
    replay = proved(played[0])
    assert replay.offers > 10
    assert replay.doubts == []


def test_chains_of_earlier_places_are_proved_too() -> None:
    found = waiting.Filled()
    step = timedelta(minutes=5)
    day = waiting.play("stuttgart", 3, waiting.FIRST_DAY, found, on_list=25, step=step)
    assert found.moved > 0
    assert (found.doubts, found.two_offers) == (0, 0)
    counted = day.taken()
    assert all(cell and cell.taken == counted.get(key, 0) for key, cell in day.cells.items())


@pytest.mark.parametrize("lie", ["rank", "reason", "left_out", "whom"])
def test_a_journal_that_lies_is_found_out(played: tuple[Day, waiting.Filled], lie: str) -> None:
    day = played[0]
    chance = random.Random(1)
    seq, fact, made = next(
        (seq, fact, made)
        for seq, fact, _ in day.journal
        if isinstance(fact, WaitingFact)
        for made in fact.offers
        if len(made.passed) > 1
    )
    told = msgspec.structs.replace(fact, offers=(_lied(made, lie, day, chance),))
    before = list(day.journal)
    day.journal[seq - 1] = (seq, told, day.journal[seq - 1][2])
    try:
        doubts = proved(day).doubts
    finally:
        day.journal[:] = before
    assert proof.Doubt(seq, doubts[0].number, doubts[0].what) in doubts
    assert doubts[0].seq == seq


def _lied(made: OfferMade, lie: str, day: Day, chance: random.Random) -> OfferMade:
    replace = msgspec.structs.replace
    if lie == "rank":
        return replace(made, rank=made.rank - 1)
    if lie == "left_out":
        return replace(made, passed=made.passed[1:])
    if lie == "reason":
        first, second, *rest = made.passed
        swapped = (replace(first, why=second.why), replace(second, why=first.why))
        return replace(made, passed=(*swapped, *rest))
    other = chance.choice([w for w in day.wishes.values() if w.number != made.number])
    return replace(made, wish=other.id, number=other.number)
