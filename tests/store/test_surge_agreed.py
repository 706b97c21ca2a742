"""Surge rules that ask: people agree, decline, start and pause, each once and with a name."""

import asyncio
from datetime import timedelta

import msgspec

from queue_service.events.surge import SurgeDecided
from queue_service.flows.capacity import planning, surge_acts, surging
from queue_service.flows.capacity.surge_acts import Done
from queue_service.model.refusal import Code, Refusal
from queue_service.model.surge import Approval, Metric, Staff, When
from queue_service.slots.surge_state import Phase
from tests.fired import FIRST, SECOND, afternoon, laid, look, office, rule, said, with_rule
from tests.small import Small


async def test_a_suggestion_waits_and_one_person_agrees_once(small: Small) -> None:
    await with_rule(small, approval=Approval.SUGGEST)
    await look(small)
    assert await said(small) == ["suggested"]
    assert await laid(small) == 0
    act = (small.house, small.office, "busy")
    assert await surge_acts.approve(*act, FIRST, "key") == Done("busy")
    assert await surge_acts.approve(*act, FIRST, "key") == Done("busy")
    refusal = await surge_acts.approve(*act, SECOND)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.NOT_SUGGESTED
    assert await said(small) == ["suggested", "surge_approved"]
    assert await afternoon(small) == [2] * 12
    [entry] = [e for e in await small.journal() if e.tag == "surge_approved"]
    assert entry.by == FIRST


async def test_two_persons_must_be_two(small: Small) -> None:
    await with_rule(small, approval=Approval.TWO_PERSONS)
    await look(small)
    act = (small.house, small.office, "busy")
    assert await surge_acts.approve(*act, FIRST) == Done("busy")
    assert await laid(small) == 0
    refusal = await surge_acts.approve(*act, FIRST)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.SECOND_PERSON
    assert await surge_acts.approve(*act, SECOND) == Done("busy")
    assert await afternoon(small) == [2] * 12


async def test_nobody_begins_alone_what_two_must_agree_to(small: Small) -> None:
    calm = When(Metric.NO_SHOWS_TODAY, above=99)
    await with_rule(small, approval=Approval.TWO_PERSONS, when=calm)
    act = (small.house, small.office, "busy")
    assert await surge_acts.start(*act, FIRST, "crowd") == Done("busy")
    assert await laid(small) == 0
    assert (await surging.standing(small.house, small.office))["busy"].phase is Phase.SUGGESTED
    assert reason_of(await surge_acts.start(*act, SECOND, "crowd")) == "suggested"
    alone = await surge_acts.approve(*act, FIRST)
    assert isinstance(alone, Refusal)
    assert alone.code is Code.SECOND_PERSON
    await look(small)
    assert await surge_acts.approve(*act, SECOND) == Done("busy")
    assert await afternoon(small) == [2] * 12
    assert await said(small) == ["surge_overridden", "surge_approved"]


async def test_nobody_makes_a_rule_act_that_expired_or_is_a_dry_run(small: Small) -> None:
    await with_rule(small, approval=Approval.SUGGEST)
    await look(small)
    act = (small.house, small.office, "busy")
    yesterday = small.office.now().date() - timedelta(days=1)
    for bar, change in (("expired", {"expires": yesterday}), ("dry_run", {"dry_run": True})):
        await with_rule(small, approval=Approval.SUGGEST, **change)
        assert reason_of(await surge_acts.approve(*act, FIRST)) == bar
        assert await surge_acts.decline(*act, FIRST) == Done("busy")
        assert reason_of(await surge_acts.start(*act, FIRST, "crowd")) == bar
        assert await laid(small) == 0
        await with_rule(small, approval=Approval.SUGGEST)
        await small.wait(31)
        await look(small)


def reason_of(answer: object) -> object:
    assert isinstance(answer, Refusal), answer
    assert answer.code is Code.RULE_STOPPED
    return answer.data["reason"]


async def test_two_people_who_agree_at_once_begin_it_once(small: Small, beside: Small) -> None:
    await with_rule(small, approval=Approval.SUGGEST)
    await look(small)
    await beside.settle()
    answers = await asyncio.gather(
        surge_acts.approve(small.house, small.office, "busy", FIRST),
        surge_acts.approve(beside.house, beside.office, "busy", SECOND),
    )
    assert sorted(isinstance(answer, Done) for answer in answers) == [False, True]
    assert await afternoon(small) == [2] * 12
    await small.settle()
    await small.audit()


async def test_two_persons_who_agree_at_once_are_two(small: Small, beside: Small) -> None:
    await with_rule(small, approval=Approval.TWO_PERSONS)
    await look(small)
    await beside.settle()
    answers = await asyncio.gather(
        surge_acts.approve(small.house, small.office, "busy", FIRST, "first"),
        surge_acts.approve(beside.house, beside.office, "busy", SECOND, "second"),
    )
    assert answers == [Done("busy"), Done("busy")]
    assert await afternoon(small) == [2] * 12
    again = surge_acts.approve(beside.house, beside.office, "busy", SECOND, "second")
    assert await again == Done("busy")
    await small.settle()
    await small.audit()


async def test_who_was_too_late_is_not_told_otherwise_when_asking_again(
    small: Small, beside: Small
) -> None:
    await with_rule(small, approval=Approval.SUGGEST)
    await look(small)
    await beside.settle()
    answers = await asyncio.gather(
        surge_acts.approve(small.house, small.office, "busy", FIRST, "yes"),
        surge_acts.decline(beside.house, beside.office, "busy", SECOND, "no"),
    )
    again = [
        await surge_acts.approve(small.house, small.office, "busy", FIRST, "yes"),
        await surge_acts.decline(beside.house, beside.office, "busy", SECOND, "no"),
    ]
    assert again == answers
    assert sorted(isinstance(answer, Done) for answer in answers) == [False, True]
    await small.settle()
    await small.audit()


async def test_a_no_rests_for_the_cooldown(small: Small) -> None:
    await with_rule(small, approval=Approval.SUGGEST)
    await look(small)
    assert await surge_acts.decline(small.house, small.office, "busy", FIRST) == Done("busy")
    await look(small)
    await look(small)
    assert await said(small) == ["suggested", "surge_declined", "blocked"]
    await small.wait(31)
    await look(small)
    assert (await said(small))[-1] == "suggested"


async def test_a_dry_run_and_a_rehearsed_one_change_nothing(small: Small) -> None:
    await with_rule(small, dry_run=True)
    await look(small)
    await look(small)
    assert await said(small) == ["would_fire"]
    entries = len(await small.journal())
    tried = await surge_acts.dry_run(small.house, small.office, "busy")
    assert isinstance(tried, SurgeDecided)
    assert (tried.places_before, tried.places_after) == (72, 84)
    assert [measure.subject for measure in tried.measures] == ["desks"]
    assert len(await small.journal()) == entries
    assert await laid(small) == 0


async def test_a_manager_starts_pauses_and_is_told_what_stands_in_the_way(small: Small) -> None:
    await with_rule(small, approval=Approval.SUGGEST, when=When(Metric.NO_SHOWS_TODAY, above=99))
    act = (small.house, small.office)
    assert await surge_acts.start(*act, "busy", FIRST, "crowd") == Done("busy")
    assert await afternoon(small) == [2] * 12
    running = await surge_acts.start(*act, "busy", FIRST, "crowd")
    assert isinstance(running, Refusal)
    assert running.code is Code.RULE_STOPPED
    assert await surge_acts.pause(*act, "busy", FIRST, 2, "fair") == Done("busy")
    states = await surging.standing(*act)
    assert states["busy"].paused_until == small.office.now() + timedelta(hours=2)
    for answer in (
        await surge_acts.approve(*act, "none", FIRST),
        await surge_acts.decline(*act, "none", FIRST),
        await surge_acts.dry_run(*act, "none"),
    ):
        assert isinstance(answer, Refusal)
        assert answer.code is Code.UNKNOWN_RULE


async def test_more_desks_than_people_are_refused_with_the_guard(small: Small) -> None:
    few = msgspec.structs.replace(office(rule()), staff=Staff(1))
    await planning.load(small.house, few)
    await small.settle()
    await small.held("10:00")
    await look(small)
    await look(small)
    assert await said(small) == ["blocked"]
    answer = await surge_acts.start(small.house, small.office, "busy", FIRST, "")
    assert isinstance(answer, Refusal)
    assert answer.data["reason"] == "staff"
