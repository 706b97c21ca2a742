"""The day on paper: who is expected, who is here, and numbers that nobody else gives out."""

import argparse
import asyncio
import json
from datetime import timedelta

import pytest

from queue_service.commands import day_lists
from queue_service.commands.failing import CommandError
from queue_service.flows.days import day_list
from queue_service.flows.days.day_list import A_SHEET, DayList
from queue_service.flows.entrance import arriving
from queue_service.flows.entrance.arriving import TicketGiven
from queue_service.model.refusal import Code, Refusal
from tests import make
from tests.small import CLERK, SLUG, Small

DAY = make.NOW.date()


async def listed(house: Small) -> DayList:
    return await day_list.day_list(house.house, house.office, DAY)


async def test_it_names_appointments_by_code_and_who_is_here_by_number(small: Small) -> None:
    booked = await small.booked("10:00")
    given = await arriving.walk_in(small.house, SLUG, service=make.PICK, by=CLERK)
    assert isinstance(given, TicketGiven)
    found = await listed(small)
    assert [each.code for each in found.expected] == [booked.code]
    assert [each.number for each in found.present] == [given.number]
    assert found.sheets == ()
    text = "\n".join(day_lists.lines(found, small.office.office, "de"))
    assert f"{booked.code[:4]} {booked.code[4:]}" in text
    assert given.number in text
    assert "Amal" not in text


async def test_numbers_for_paper_are_nobody_elses(small: Small, beside: Small) -> None:
    async def walk_in(house: Small) -> object:
        return await arriving.walk_in(house.house, SLUG, service=make.PICK, by=CLERK)

    answers = await asyncio.gather(
        *(walk_in((small, beside)[n % 2]) for n in range(6)),
        day_list.reserve(small.house, small.office, DAY, 2, CLERK),
        *(walk_in((small, beside)[n % 2]) for n in range(6)),
        day_list.reserve(beside.house, beside.office, DAY, 2, CLERK),
    )
    given = [each.number for each in answers if isinstance(each, TicketGiven)]
    sheets = (await listed(small)).sheets
    paper = [number for sheet in sheets for number in sheet]
    assert [len(sheet) for sheet in sheets] == [A_SHEET, A_SHEET]
    assert len({*given, *paper}) == len(given) + len(paper) == 12 + 2 * A_SHEET
    assert (await listed(beside)).sheets == sheets
    await small.audit()


async def test_only_days_to_come_have_numbers(small: Small) -> None:
    for days in (-1, day_list.MOST_DAYS_AHEAD + 1):
        refused = await day_list.reserve(
            small.house, small.office, DAY + timedelta(days=days), 1, CLERK
        )
        assert isinstance(refused, Refusal)
        assert refused.code is Code.INVALID
    assert await small.fetch("select id from ticket_block") == []


async def test_the_command_prints_text_or_json_and_says_what_is_wrong(
    small: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    day_lists.arguments(parser)
    booked = await small.booked("10:00")
    await day_lists.print_day(small.house, parser.parse_args([SLUG]))
    text = capsys.readouterr().out
    assert "[ ] [ ] [ ]  10:00" in text
    assert f"{booked.code[:4]} {booked.code[4:]}" in text
    await day_lists.print_day(small.house, parser.parse_args([SLUG, "--json", "--date", f"{DAY}"]))
    said = json.loads(capsys.readouterr().out)
    assert said["expected"][0]["code"] == booked.code
    assert len(said["sheets"][0]) == A_SHEET
    with pytest.raises(CommandError, match="no office 'nowhere'; known: small"):
        await day_lists.print_day(small.house, parser.parse_args(["nowhere"]))
    with pytest.raises(CommandError, match="--sheets 0"):
        await day_lists.print_day(small.house, parser.parse_args([SLUG, "--date", "2020-01-01"]))
