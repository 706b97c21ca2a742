"""Need classes of visits, and counters of one login: what the engine says of both."""

from typing import Any

import pytest

from queue_service.floor import desks, handing, journey
from queue_service.model.desk import DeskState
from queue_service.model.ids import ActorId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.triage import Need
from queue_service.model.visit import NeedClass
from queue_service.rights import Actor, Role, claims
from tests.core.town import DESK, OTHER, Town, counter, visit
from tests.make import PICK

CLERK = ActorId(7)


@pytest.mark.parametrize(
    ("said", "need", "urgency"),
    [
        ({"urgency": Need.N3}, NeedClass.EMERGENCY, Need.N3),
        ({"need": NeedClass.EMERGENCY}, NeedClass.EMERGENCY, Need.N5),
        ({"need": NeedClass.WALK_IN}, NeedClass.WALK_IN, None),
        ({"language": "uk"}, NeedClass.EMERGENCY, Need.N5),
    ],
)
def test_a_mark_changes_the_class_only_where_it_says_so(
    said: dict[str, Any], need: NeedClass, urgency: Need | None
) -> None:
    one = visit(PICK, need=NeedClass.EMERGENCY, urgency=Need.N5)
    town = Town(one)
    town.act(lambda w: journey.mark(w, one.id, **said))
    after = town.visits[one.id]
    assert (after.need, after.urgency) == (need, urgency)


def test_whoever_is_handed_over_cannot_wait() -> None:
    one = visit(PICK, need=NeedClass.WALK_IN)
    town = Town(one)
    town.act(lambda w: handing.hand_over(w, one.id))
    after = town.visits[one.id]
    assert (after.need, after.urgency) == (NeedClass.EMERGENCY, Need.N0)


@pytest.mark.parametrize("role", list(Role))
def test_only_who_guides_says_that_it_cannot_wait(role: Role) -> None:
    actor = Actor(CLERK, "heidelberg", frozenset({role}))
    assert claims(actor, Need.N1, "heidelberg") is None
    refused = claims(actor, Need.N0, "heidelberg")
    assert (refused is not None) == (role in (Role.KIOSK, Role.DISPLAY))


def test_a_counter_of_the_same_login_does_not_close_over_somebody() -> None:
    town = Town(visit(PICK))
    town.act(lambda w: desks.change(w, counter(DESK), DeskState.OPEN, CLERK))
    town.next(DESK)
    refused = town.act(lambda w: desks.change(w, counter(OTHER), DeskState.OPEN, CLERK))
    assert refused == Refusal(Code.LOGIN_BUSY_ELSEWHERE, {"counter": DESK, "number": "A1"})
    assert town.desks[DESK].state is DeskState.OPEN
