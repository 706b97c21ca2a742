"""How much one person may hold: by person and group, and by address; nobody is named."""

import msgspec
import pytest

from queue_service.model.ids import BookingId
from queue_service.model.per_person import Institution, LimitsPerPerson, letter_box
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import NotNamedError, World
from queue_service.offices.rules import Draft, broken_rules
from queue_service.seals import Keys
from queue_service.slots import persons
from tests import make
from tests.make import NOW

KEYS = Keys(b"master" * 8)
LIMITS = LimitsPerPerson(
    2, (Institution("@caritas.example", 50), Institution("help@caritas.example", 90))
)


@pytest.mark.parametrize(
    ("email", "most"),
    [
        ("amal@example.org", 2),
        ("Somebody@Caritas.example", 50),
        ("help@caritas.example", 90),
        ("amal@notcaritas.example", 2),
        ("@caritas.example@evil.example", 2),
        ("", 2),
    ],
)
def test_an_institution_has_a_bound_of_its_own(email: str, most: int) -> None:
    assert persons.most_live(LIMITS, email) == most


def test_without_a_bound_nobody_is_counted() -> None:
    assert persons.most_live(LimitsPerPerson(), "amal@example.org") == 0
    assert persons.refused(World(NOW), group="pick", person_key=None, email_key=b"e") is None


@pytest.mark.parametrize("live", [1, 2, 3])
def test_an_address_has_as_many_live_bookings_as_its_bound_and_no_more(live: int) -> None:
    have = [BookingId(make.uuid()) for _ in range(live)]
    world = World(NOW, emails={b"e": have})
    refusal = persons.refused(world, group="pick", person_key=None, email_key=b"e", most=2)
    assert refusal == (None if live < 2 else Refusal(Code.TOO_MANY_BOOKINGS))


def test_an_address_that_was_not_named_is_not_looked_at() -> None:
    with pytest.raises(NotNamedError):
        persons.refused(World(NOW), group="pick", person_key=None, email_key=b"e", most=1)


def test_letters_of_one_box_count_together_and_nothing_of_them_shows() -> None:
    key = KEYS.email_key("small", "Amal@Example.org")
    assert key == KEYS.email_key("small", " amal+pick@example.org ")
    assert key != KEYS.email_key("other", "amal@example.org")
    assert key != KEYS.email_key("small", "ben@example.org")
    assert KEYS.email_key("small", "") is None
    assert key is not None
    assert len(key) == 16


def faults_of(limits: LimitsPerPerson) -> list[str]:
    """Keys of what is wrong with these limits in an office."""
    office = msgspec.structs.replace(make.office(), limits_per_person=limits)
    codes = frozenset(service.code for service in office.services)
    found = broken_rules(Draft(office, frozenset(), frozenset(), codes))
    return [fault.key for fault in found if fault.key.startswith("limits_per_person")]


@pytest.mark.parametrize(
    ("limits", "key"),
    [
        (LimitsPerPerson(-1), "limits_per_person.live_per_email"),
        (
            LimitsPerPerson(2, (Institution("caritas", 9),)),
            "limits_per_person.institutions[1].address",
        ),
        (
            LimitsPerPerson(2, (Institution("@caritas.example", 2),)),
            "limits_per_person.institutions[1].live",
        ),
    ],
)
def test_a_limit_that_cannot_be_meant_is_named(limits: LimitsPerPerson, key: str) -> None:
    assert faults_of(limits) == [key]


def test_the_limits_of_this_file_are_fine() -> None:
    assert faults_of(LIMITS) == []


@pytest.mark.parametrize(
    "typed", ["desk+amal@law.example", " Desk@LAW.example ", "desk+@law.example"]
)
def test_an_institution_is_known_by_its_letter_box(typed: str) -> None:
    listed = LimitsPerPerson(3, (Institution("desk@law.example", 60),))
    assert persons.most_live(listed, typed) == 60
    assert persons.most_live(listed, "other@law.example") == 3
    keys = Keys(b"k" * 32)
    assert keys.email_key("o", typed) == keys.email_key("o", "desk@law.example")


def test_a_domain_in_letters_of_its_own_is_one_letter_box() -> None:
    assert letter_box("a@bücher.example") == letter_box("a@xn--bcher-kva.example")
    assert letter_box("a@" + "x" * 70 + ".de") == "a@" + "x" * 70 + ".de"
    assert letter_box("nobody") == ""
