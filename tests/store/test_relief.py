"""Surge rules in the hall of a real house: tickets stop and go on, help is called."""

from datetime import date, timedelta

import msgspec
import pytest

from queue_service.flows.capacity import planning, readings, surge_acts, surging
from queue_service.flows.days import reports
from queue_service.flows.desks import journeys
from queue_service.flows.desks.desk_shown import DeskShown
from queue_service.flows.entrance import arriving
from queue_service.flows.entrance.arriving import TicketGiven
from queue_service.language import sentence
from queue_service.model.desk import DeskState
from queue_service.model.refusal import Code, Refusal
from queue_service.model.relief import Help
from queue_service.model.surge import (
    Approval,
    Do,
    Kind,
    Metric,
    Staff,
    Surge,
    SurgeRule,
    Until,
    When,
)
from queue_service.model.visit import NeedClass
from queue_service.offices.rules import Draft, broken_rules
from queue_service.views.day_report import DayReport
from tests import make
from tests.make import HELP, PICK
from tests.small import CLERK, SLUG, Small

CODES = frozenset(service.code for service in make.office().services)
MINUTE = timedelta(minutes=1)


def rule(id: str, when: When, *do: Do) -> SurgeRule:
    return SurgeRule(
        id=id,
        title={"de": id},
        owner="Leitung",
        expires=date(2099, 1, 1),
        when=when,
        until=Until(below=1),
        do=do,
        cooldown=5 * MINUTE,
        approval=Approval.AUTO,
        a_day=9,
    )


FULL = rule(
    "full",
    When(Metric.OLDEST_WAIT, need_class=NeedClass.WALK_IN, above=20),
    Do(Kind.STOP_TICKETS, lasts=30 * MINUTE),
)
BUSY = rule(
    "busy",
    When(Metric.WORK_MINUTES, above=15),
    Do(Kind.OPEN_COUNTERS, desks=1, lead=5 * MINUTE, lasts=60 * MINUTE),
    Do(Kind.CALL_GUIDES, count=2, lasts=60 * MINUTE),
)


@pytest.fixture
async def ruled(small: Small) -> Small:
    """The small office with both rules, and people for both of its counters."""
    surge, staff = Surge((FULL, BUSY), most_a_day=9), Staff(2)
    small_town = make.office()
    # Whole by every rule, so that settings may be laid on it.
    services = tuple(
        msgspec.structs.replace(s, walk_in=s.code in (PICK, HELP)) for s in small_town.services
    )
    office = msgspec.structs.replace(small_town, services=services, surge=surge, staff=staff)
    assert not tuple(broken_rules(Draft(office, frozenset(), frozenset(), CODES)))
    await planning.load(small.house, office)
    return small


async def walk_in(small: Small, service: str = PICK) -> TicketGiven | Refusal:
    return await arriving.walk_in(small.house, SLUG, service=service, by=CLERK)


async def look(small: Small) -> None:
    await small.settle()
    await surging.look(small.house, small.office)
    await small.settle()


async def test_tickets_stop_for_walk_ins_alone_and_go_on_by_themselves(ruled: Small) -> None:
    booked = await ruled.booked("09:00")
    assert isinstance(await walk_in(ruled), TicketGiven)
    await ruled.wait(25)
    await look(ruled)
    stopped = await walk_in(ruled)
    assert isinstance(stopped, Refusal)
    assert stopped.code is Code.TICKETS_STOPPED
    assert "09:25" in sentence(stopped, "de").detail
    assert isinstance(await walk_in(ruled, HELP), TicketGiven)
    admitted = await arriving.check_in(ruled.house, SLUG, booked.code, CLERK)
    assert isinstance(admitted, TicketGiven)
    await ruled.wait(31)
    await ruled.settle()
    assert isinstance(await walk_in(ruled), TicketGiven)
    await ruled.audit()


async def test_taking_the_rule_back_lets_tickets_go_on_at_once(ruled: Small) -> None:
    await walk_in(ruled)
    await ruled.wait(25)
    await look(ruled)
    assert isinstance(await walk_in(ruled), Refusal)
    await surge_acts.take_back(ruled.house, ruled.office, "full", CLERK)
    await ruled.settle()
    assert isinstance(await walk_in(ruled), TicketGiven)


async def test_help_is_called_when_work_waits_and_there_are_people(ruled: Small) -> None:
    behind = await journeys.desk_state(ruled.house, "small.2", DeskState.BACK_OFFICE, CLERK)
    assert isinstance(behind, DeskShown)
    for _ in range(2):
        await walk_in(ruled)
    await ruled.settle()
    values = await readings.read(ruled.house, ruled.office, (BUSY, FULL))
    assert values == {"busy": 20, "full": 0}
    await look(ruled)
    relief, now = ruled.office.office.relief, ruled.office.now()
    assert relief.many(Help.COUNTERS, now) == 1
    assert relief.many(Help.GUIDES, now) == 2
    assert {c.since for c in relief.called if c.what is Help.COUNTERS} == {now + 5 * MINUTE}


async def test_no_counter_is_called_for_which_nobody_is_there(ruled: Small) -> None:
    for _ in range(4):
        await walk_in(ruled)
    await look(ruled)
    assert ruled.office.office.relief.called == ()
    shown = (await surging.standing(ruled.house, ruled.office))["busy"]
    assert shown.told == "blocked:staff"


async def test_the_report_of_today_grows_with_the_journal(ruled: Small) -> None:
    today = ruled.office.now().date()
    counted = []
    for _ in range(3):
        await walk_in(ruled)
        await ruled.settle()
        report = await reports.of_day(ruled.house, ruled.office, today)
        assert isinstance(report, DayReport)
        counted.append(report.visits)
    assert counted == [1, 2, 3]
    fresh = await reports._read(ruled.house, ruled.office, today)
    assert len(fresh.ledger.journeys()) == 3
    own = await reports.own_numbers(ruled.house, ruled.office, CLERK)
    assert own.served == 0
