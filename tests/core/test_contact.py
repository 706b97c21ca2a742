"""What people say of themselves: what cannot be so is named, and nothing unseen is kept."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.slots.contact import impossible, plain_line

TODAY = date(2026, 11, 23)


def wrong(**said: object) -> list[str]:
    given: dict[str, object] = {"name": "Amal", "email": "", "phone": "", "birth_date": None}
    return list(impossible(**(given | said), today=TODAY))  # type: ignore[arg-type]  # of any kind


@pytest.mark.parametrize(
    "said",
    [
        {"name": "李"},
        {"name": "أمل بنت سالم"},
        {"name": "O'Neill-Öztürk, Jr."},
        {"name": ""},
        {"email": "amal@example.org"},
        {"email": "  amal+amt@exämple.org "},
        {"email": "amal@localhost"},
        {"phone": "+49 (6221) 58-17520"},
        {"phone": "٠٦٢٢١ ٥٨"},
        {"birth_date": date(1900, 1, 1)},
        {"birth_date": TODAY},
    ],
)
def test_what_may_be(said: dict[str, object]) -> None:
    assert wrong(**said) == []


@pytest.mark.parametrize(
    "said",
    [
        {"name": "\u200b"},
        {"name": "—"},
        {"email": "amal"},
        {"email": "amal@"},
        {"email": "am\x00al@example.org"},
        {"email": "am\u202eal@example.org"},
        {"email": "amal@example.org, eve@example.org"},
        {"email": "amal@example.org\r\nBcc: eve@example.org"},
        {"email": "<amal@example.org>"},
        {"phone": "call me"},
        {"phone": "1"},
        {"phone": "---"},
        {"phone": "+(4) 9"},
        {"birth_date": date(1899, 12, 31)},
        {"birth_date": date(2026, 11, 24)},
    ],
)
def test_what_cannot_be_is_named(said: dict[str, object]) -> None:
    assert wrong(**said) == list(said)


def test_every_wrong_field_is_named_at_once() -> None:
    assert wrong(email="x", phone="x", birth_date=date(1, 1, 1)) == ["birth_date", "email", "phone"]


@given(st.text())
def test_one_line_without_anything_unseen(text: str) -> None:
    plain = plain_line(text)
    kept = {unicodedata.category(c) for c in plain if c not in "\u200c\u200d"}
    assert not kept & {"Cc", "Cf", "Zl", "Zp"}
    assert plain == plain_line(plain)
    assert [c for c in plain if c.isalnum()] == [c for c in text if c.isalnum()]


def test_signs_that_turn_the_text_go_and_joiners_of_names_stay() -> None:
    assert plain_line("\u202elamA\u2066 \r\n Öztürk\u200b") == "lamA Öztürk"
    assert plain_line("علی\u200cرضا") == "علی\u200cرضا"
