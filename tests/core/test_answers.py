"""What people answer before an appointment, and what their answers leave."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.model.asking import (
    Flag,
    Jurisdiction,
    Kind,
    Option,
    Pickup,
    Question,
    Referral,
    Then,
)
from queue_service.model.booking import Part
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal
from queue_service.offices.rules_of_requests import request_faults
from queue_service.slots import asking
from tests import make
from tests.asking import PICK, office, town

FAMILY = (
    Question(
        "under_16",
        {"de": "unter 16?"},
        Kind.NUMBER,
        persons_from=2,
        counts_persons=True,
        then=(Then(at_least=1, flag="children"),),
    ),
    Question(
        "parent",
        {"de": "Elternteil?"},
        Kind.YES_NO,
        persons_from=2,
        after="under_16",
        then=(Then(answers=("no",), refuse={"de": "nur Eltern"}),),
    ),
    Question("by_proxy", {"de": "Vollmacht?"}, Kind.NUMBER, optional=True, counts_persons=True),
    Question(
        "proxy_paper",
        {"de": "liegt vor?"},
        Kind.YES_NO,
        after="by_proxy",
        then=(Then(answers=("no",), flag="proxy_missing"), Then(answers=("yes",), flag="proxy")),
    ),
)
FLAGS = tuple(Flag(key, {"de": key}) for key in ("children", "proxy", "proxy_missing"))


def family() -> Office:
    return office(PICK, questions=FAMILY, flags=FLAGS, pickup=Pickup())


@pytest.mark.parametrize(
    ("persons", "answers", "expected"),
    [
        (1, {}, ()),
        (1, {"by_proxy": "1", "proxy_paper": "yes"}, ("proxy",)),
        (5, {"under_16": "3", "parent": "yes", "by_proxy": "1", "proxy_paper": "no"},
         ("children", "proxy_missing")),
        (2, {"under_16": "0"}, ()),
        (2, {"under_16": "٢", "parent": "yes"}, ("children",)),
    ],
)  # fmt: skip
def test_answers_leave_flags(persons: int, answers: dict[str, str], expected: tuple[str]) -> None:
    assert asking.flags_of(family(), (Part(PICK, persons),), answers) == expected


@pytest.mark.parametrize(
    ("persons", "answers", "field"),
    [
        (2, {}, "answers.under_16"),
        (2, {"under_16": "1"}, "answers.parent"),
        (2, {"under_16": "3"}, "answers.under_16"),
        (2, {"under_16": "many"}, "answers.under_16"),
        (2, {"under_16": "2", "parent": "yes", "by_proxy": "1", "proxy_paper": "yes"},
         "answers.by_proxy"),
        (1, {"by_proxy": "1"}, "answers.proxy_paper"),
        (1, {"by_proxy": "1", "proxy_paper": "perhaps"}, "answers.proxy_paper"),
        (1, {"colour": "green"}, "answers.colour"),
    ],
)  # fmt: skip
def test_answers_that_cannot_be_taken_are_named(
    persons: int, answers: dict[str, str], field: str
) -> None:
    refusal = asking.flags_of(family(), (Part(PICK, persons),), answers)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.INVALID
    errors = refusal.data["errors"]
    assert isinstance(errors, list)
    assert [e["field"] for e in errors] == [field]


def test_children_whose_parent_does_not_come_are_refused_with_the_reason() -> None:
    answers = {"under_16": "1", "parent": "no"}
    refusal = asking.flags_of(family(), (Part(PICK, 2),), answers)
    assert refusal == Refusal(Code.NOT_SO, {"service": PICK, "texts": {"de": "nur Eltern"}})


@given(st.integers(1, 8), st.dictionaries(st.sampled_from([q.key for q in FAMILY]), st.text()))
def test_whatever_is_typed_only_flags_of_the_service_come_out(
    persons: int, answers: dict[str, str]
) -> None:
    found = asking.flags_of(family(), (Part(PICK, persons),), answers)
    assert isinstance(found, Refusal) or set(found) <= {flag.key for flag in FLAGS}


def faults(made: Office) -> list[str]:
    return [found.key for found in request_faults(made)]


def test_a_family_as_it_should_be_has_no_fault() -> None:
    assert faults(family()) == []
    assert faults(town()) == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"buffer_minutes": 500}, "services.PICK.buffer_minutes"),
        ({"not_needed_to": date(2026, 1, 1)}, "services.PICK.not_needed"),
        (
            {
                "not_needed": {"de": "x"},
                "not_needed_from": date(2026, 2, 1),
                "not_needed_to": date(2026, 1, 1),
            },
            "services.PICK.not_needed_to",
        ),
        ({"pickup": Pickup(check_days=-1)}, "services.PICK.pickup.check_days"),
        (
            {"questions": (Question("q", {"de": "?"}, Kind.CHOICE),)},
            "services.PICK.questions.q.options",
        ),
        (
            {"questions": (Question("q", {"de": "?"}, Kind.YES_NO, after="p"),)},
            "services.PICK.questions.q.after",
        ),
        (
            {
                "questions": (
                    Question("q", {"de": "?"}, Kind.YES_NO, then=(Then(("yes",), flag="f"),)),
                )
            },
            "services.PICK.questions.q.then[1].flag",
        ),
        (
            {
                "questions": (
                    Question(
                        "q",
                        {"de": "?"},
                        Kind.CHOICE,
                        options=(Option("a", {"de": "A"}), Option("b", {"de": "B"})),
                        then=(Then(("c",), refuse={"de": "nein"}),),
                    ),
                )
            },
            "services.PICK.questions.q.then[1].answers",
        ),
    ],
)
def test_a_fault_of_a_request_is_named_by_its_key(change: dict[str, object], key: str) -> None:
    assert faults(office(PICK, **change)) == [key]


@pytest.mark.parametrize(
    ("said", "key"),
    [
        (Jurisdiction(("0822100",)), "jurisdiction.ags"),
        (Jurisdiction(("08222000",)), "jurisdiction.ags"),
        (
            Jurisdiction(("08221000",), referrals=(Referral(("08226",), {"de": "Kreis"}),)),
            "jurisdiction.referrals[1].ags",
        ),
        (
            Jurisdiction(("08221000",), referrals=(Referral(("08221000",), {"de": "wir"}),)),
            "jurisdiction.referrals[1].ags",
        ),
    ],
)
def test_a_fault_of_jurisdiction_is_named(said: Jurisdiction, key: str) -> None:
    assert set(faults(msgspec.structs.replace(make.office(), jurisdiction=said))) == {key}
