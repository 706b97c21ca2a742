"""Who may do what, where: one row an act, nothing by default."""

import pytest

from queue_service.model.ids import ActorId
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import MAY, Act, Actor, Role, check


def actor(*roles: Role, office: str = "small") -> Actor:
    return Actor(ActorId(7), office, frozenset(roles), "somebody")


def test_every_act_has_its_row() -> None:
    assert set(MAY) == set(Act)
    assert all(MAY.values())


@pytest.mark.parametrize("act", Act)
def test_nobody_may_do_anything_without_signing_in_or_without_a_role(act: Act) -> None:
    assert check(None, act, "small") == Refusal(Code.NOT_SIGNED_IN)
    assert check(actor(), act, "small") == Refusal(Code.NOT_ALLOWED, {"act": act.value})


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_in_its_own_office_what_its_row_says_and_nothing_elsewhere(
    act: Act, role: Role
) -> None:
    assert (check(actor(role), act, "small") is None) is (role in MAY[act])
    assert check(actor(role), act, "other") == Refusal(Code.NOT_ALLOWED, {"act": act.value})


def test_devices_neither_call_nor_book_nor_configure() -> None:
    for device in (Role.KIOSK, Role.DISPLAY, Role.TABLET):
        for act in (Act.CALL, Act.BOOK_BY_STAFF, Act.EXCEED, Act.CONFIGURE, Act.SHOW_DESK):
            assert device not in MAY[act]


def test_a_display_only_shows_and_says_how_it_is() -> None:
    assert {act for act in Act if Role.DISPLAY in MAY[act]} == {Act.SHOW_BOARD, Act.BEAT}


def test_who_may_exceed_may_also_book_and_who_may_call_may_see_the_desk() -> None:
    assert MAY[Act.EXCEED] < MAY[Act.BOOK_BY_STAFF]
    assert MAY[Act.CALL] == MAY[Act.SHOW_DESK]


def test_a_refusal_does_not_name_the_person() -> None:
    refusal = check(actor(Role.GUIDE), Act.CONFIGURE, "small")
    assert refusal is not None
    assert "somebody" not in str(refusal)
