"""Secrets are rebuilt, never stored; one never stands in for another."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service import seals
from queue_service.model.ids import BookingId, VisitId
from queue_service.seals import Keys

KEYS = Keys(b"k" * 32)
NUMBER = UUID("12345678-1234-5678-1234-567812345678")
BORN = date(1990, 1, 31)
names = st.text(min_size=1, max_size=20)


def person(
    office: str = "small",
    document: str = "",
    born: date | None = None,
    name: str = "",
    to: str = "",
) -> bytes | None:
    return KEYS.person_key(office, document=document, birth_date=born, name=name, contact=to)


@pytest.mark.parametrize(
    "typed",
    [
        "L01-X00-T47",
        "Ｌ01X00T47",
        "l01x00t47\u200b",
        "L01 X00T47\0",
        "L\u0660\u0661X\u06f0\u06f0T\u0664\u0667",
    ],
)
def test_a_document_is_the_same_however_it_is_typed(typed: str) -> None:
    born = date(1990, 1, 31)
    assert person(document=typed, born=born) == person(document="L01X00T47", born=born)
    assert person(document="- -", name="Amal", to="a@x.de") == person(name="Amal", to="a@x.de")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Eva\u200b O'Con", "eva@x.de"), ("eva  ocon", "EVA@x.de"), True),
        (("Pia", "0711 123456"), ("Pia", "+49 (0)711/123456"), True),
        (("Pia", "0711 123456"), ("Pia", "0049711123456"), True),
        (
            ("Pia", "0711 123456"),
            ("Pia", "\u0660\u0667\u0661\u0661 \u0661\u0662\u0663\u0664\u0665\u0666"),
            True,
        ),
        (
            ("Pia", "0711 123456"),
            ("Pia", "+\u06f4\u06f9 \u06f7\u06f1\u06f1 \u06f1\u06f2\u06f3\u06f4\u06f5\u06f6"),
            True,
        ),
        (("Pia", "0711 123456"), ("Pia", "0711 123457"), False),
        (("Pia", "pia@münchen.de"), ("Pia", "Pia+2@xn--mnchen-3ya.de"), True),
        (("Pia", "a@x.de"), ("Pia", "b@x.de"), False),
        (("Zoe Marie", "a@x.de"), ("Zoe", "a@x.de"), False),
    ],
)
def test_a_name_and_a_number_are_the_same_however_they_are_typed(
    one: tuple[str, str], other: tuple[str, str], same: bool
) -> None:
    first, second = (person(name=name, to=to) for name, to in (one, other))
    assert (first == second) is same


def test_what_was_told_is_kept_so_that_nobody_can_try_it_out() -> None:
    assert KEYS.told("L01X00T47") == KEYS.told("L01X00T47")
    assert KEYS.told("L01X00T47") != KEYS.told("L01X00T48")
    assert KEYS.told("L01X00T47") != Keys(b"j" * 32).told("L01X00T47")


def test_a_secret_is_the_same_every_time_and_after_a_restart() -> None:
    booking = BookingId(NUMBER)
    again = Keys(b"k" * 32)
    assert KEYS.booking_secret(booking, 0) == again.booking_secret(booking, 0)
    assert KEYS.ticket(VisitId(NUMBER)) == again.ticket(VisitId(NUMBER))


def test_every_purpose_number_generation_and_master_has_a_secret_of_its_own() -> None:
    other, booking, visit = Keys(b"j" * 32), BookingId(NUMBER), VisitId(NUMBER)
    found = [
        KEYS.booking_secret(booking, 0),
        KEYS.booking_secret(booking, 1),
        KEYS.booking_secret(BookingId(uuid4()), 0),
        KEYS.ticket(visit),
        other.booking_secret(booking, 0),
        other.ticket(visit),
        KEYS.device_key(1, 1, 1),
        KEYS.device_key(1, 1, 2),
        KEYS.device_key(11, 1, 1),
        KEYS.device_key(1, 11, 1),
    ]
    assert len(set(found)) == len(found)


@given(st.uuids(), st.integers(0, 100))
def test_tokens_are_130_bits_in_symbols_that_every_scanner_types(
    number: UUID, generation: int
) -> None:
    for token in (
        KEYS.booking_secret(BookingId(number), generation),
        KEYS.ticket(VisitId(number)),
    ):
        assert len(token) == seals.TOKEN_LENGTH
        assert set(token) <= set(seals.TOKEN_ALPHABET)
    pin = KEYS.booking_pin(BookingId(number), generation)
    assert len(pin) == 6
    assert pin.isdecimal()


def test_every_symbol_of_a_token_varies() -> None:
    tokens = [KEYS.ticket(VisitId(UUID(int=n))) for n in range(1_500)]
    for place in range(seals.TOKEN_LENGTH):
        assert {token[place] for token in tokens} == set(seals.TOKEN_ALPHABET)


def test_the_alphabets_hold_nothing_that_is_misread_or_mistyped() -> None:
    assert len(set(seals.TOKEN_ALPHABET)) == 32
    assert not set("IOYZ01") & set(seals.CODE_ALPHABET)
    assert not set("IOYZ") & set(seals.TOKEN_ALPHABET)
    code = seals.new_code()
    assert len(code) == seals.CODE_LENGTH
    assert set(code) <= set(seals.CODE_ALPHABET)


def test_fresh_codes_and_sessions_do_not_repeat() -> None:
    assert len({seals.new_code() for _ in range(500)}) == 500
    assert len({seals.new_session() for _ in range(500)}) == 500
    assert len(seals.session_hash(seals.new_session())) == 32


def test_a_document_names_a_person_however_it_is_typed() -> None:
    assert person(document="c01x 00t47", born=BORN) == person(document="C01X00T47", born=BORN)
    assert person(document="C01X00T47", born=BORN, name="A") == person(
        document="C01X00T47", born=BORN, name="B", to="b@example.org"
    )
    assert person(document="C01X00T47", born=BORN) != person(document="C01X00T47")


def test_name_and_contact_name_a_person_else() -> None:
    assert person(name="Amal  Öztürk", to="A@example.org") == person(
        name=" amal öztürk", to="a@EXAMPLE.org"
    )
    assert person(name="Amal", to="a@example.org") != person(name="Ben", to="a@example.org")
    assert person(name="Amal", born=BORN) is not None


def test_a_name_alone_binds_nobody() -> None:
    assert person(name="Amal") is None
    assert person() is None


def test_the_same_person_has_another_key_in_another_office() -> None:
    assert person("small", "C01") != person("other", "C01")


called = st.text(st.sampled_from("abc AB"), min_size=1)


@given(called, called, called, called)
def test_fields_never_run_into_each_other(one: str, two: str, three: str, four: str) -> None:
    def who(name: str, box: str) -> tuple[bytes | None, tuple[str, str]]:
        to = f"{box.strip()}@x.de"
        key = person(name=name, to=to)
        return key, (" ".join(name.split()).casefold(), to.casefold())

    (left, first), (right, second) = who(one, two), who(three, four)
    assert (left == right) is (first == second)


@pytest.mark.parametrize(
    ("given_", "expected", "equal"),
    [
        ("ABC", "ABC", True),
        (" abc\n", "ABC", True),
        ("ABD", "ABC", False),
        ("", "ABC", False),
        ("ÄBC", "ABC", False),
    ],
)
def test_what_is_typed_is_compared_without_case_and_blanks(
    given_: str, expected: str, equal: bool
) -> None:
    assert seals.same(given_, expected) is equal


def test_only_a_uuid_is_a_uuid() -> None:
    assert seals.as_uuid(str(NUMBER)) == NUMBER
    assert seals.as_uuid("nothing") is None
    assert seals.as_uuid("") is None
