"""Whose residents an office helps, and where others are sent."""

import msgspec
import pytest

from queue_service.model.asking import (
    Jurisdiction,
)
from queue_service.model.refusal import Code
from queue_service.offices.jurisdiction import gate
from queue_service.offices.municipalities import of_postcode
from tests import make
from tests.asking import town


def test_residents_pass_others_are_told_where_to_go() -> None:
    assert gate(town(), ags="08221000") is None
    assert gate(town(), postcode="69115") is None
    refusal = gate(town(), ags="08222000")
    assert refusal is not None
    assert refusal.code is Code.NOT_RESPONSIBLE
    assert refusal.data["responsible"] == {
        "name": {"de": "Mannheim"},
        "web": "https://www.mannheim.de",
    }


def test_an_office_that_asks_nobody_serves_everybody() -> None:
    assert gate(make.office(), postcode="01067") is None
    assert gate(town()) is None


def test_a_shared_postcode_is_asked_about_and_never_guessed() -> None:
    shared = next(
        code for code in (f"{n:05}" for n in range(69000, 69999)) if len(of_postcode(code)) > 1
    )
    own = of_postcode(shared)[0].ags
    made = msgspec.structs.replace(make.office(), jurisdiction=Jurisdiction((own,)))
    refusal = gate(made, postcode=shared)
    assert refusal is not None
    assert refusal.code is Code.WHICH_MUNICIPALITY
    choices = refusal.data["choices"]
    assert isinstance(choices, list)
    assert {c["ags"] for c in choices} == {p.ags for p in of_postcode(shared)}
    for choice in choices:
        assert (gate(made, ags=choice["ags"]) is None) is (choice["ags"] == own)


def test_a_postcode_of_several_places_with_one_answer_is_not_asked_about() -> None:
    several = next(
        code
        for code in (f"{n:05}" for n in range(1000, 99999))
        if len(of_postcode(code)) > 3 and not any(p.ags[:3] == "082" for p in of_postcode(code))
    )
    refusal = gate(town(), postcode=several)
    assert refusal is not None
    assert (refusal.code, "responsible" in refusal.data) == (Code.NOT_RESPONSIBLE, False)


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({"postcode": "00000"}, Code.UNKNOWN_PLACE),
        ({"ags": "99999999"}, Code.UNKNOWN_PLACE),
        ({"postcode": "6911"}, Code.INVALID),
        ({"postcode": "٦٩١١٥"}, Code.INVALID),
    ],
)
def test_places_we_do_not_know_are_said(place: dict[str, str], code: Code) -> None:
    refusal = gate(town(), **place)
    assert refusal is not None
    assert refusal.code is code
