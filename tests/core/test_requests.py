"""Requests: several services and persons, buffers, answers, validity and jurisdiction."""

from datetime import UTC, date, datetime, time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.model.asking import (
    Exemption,
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
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Office, Window
from queue_service.model.refusal import Code, Refusal
from queue_service.offices import layers_of, next_change, resolve
from queue_service.offices.jurisdiction import gate
from queue_service.offices.municipalities import of_postcode
from queue_service.offices.rules_of_requests import request_faults
from queue_service.slots import asking
from queue_service.slots.claims import taken_by
from queue_service.slots.openings import Request, request
from tests import make

PICK, BIO, MAIL = make.PICK, make.BIO, make.MAIL


def office(code: str = "", **service: object) -> Office:
    """The small office, its service `code` changed."""
    made = make.office()
    services = tuple(
        msgspec.structs.replace(s, **service) if s.code == code else s for s in made.services
    )
    return msgspec.structs.replace(made, services=services)


@given(
    st.lists(st.sampled_from([PICK, BIO, MAIL]), min_size=1, max_size=3, unique=True),
    st.lists(st.integers(1, 4), min_size=3, max_size=3),
    st.lists(st.tuples(st.integers(1, 25), st.integers(0, 9)), min_size=3, max_size=3),
    st.integers(0, 20),
)
def test_a_visit_lasts_the_sum_of_its_services_by_their_own_rules(
    codes: list[str], persons: list[int], minutes: list[tuple[int, int]], buffer: int
) -> None:
    made = make.office()
    rules = dict(zip([PICK, BIO, MAIL], minutes, strict=True))
    services = tuple(
        msgspec.structs.replace(
            s, minutes_first=rules[s.code][0], minutes_next=rules[s.code][1], buffer_minutes=buffer
        )
        if s.code in rules
        else s
        for s in made.services
    )
    parts = tuple(Part(c, n) for c, n in zip(codes, persons, strict=False))  # type: ignore[arg-type]  # codes
    found = request(msgspec.structs.replace(made, services=services), parts)
    exact = sum(rules[p.service][0] + rules[p.service][1] * (p.persons - 1) for p in parts)
    if isinstance(found, Refusal):
        assert found.code is Code.TOO_LONG
        assert exact + buffer > 240 - 5
        return
    assert found.visit_minutes % 5 == 0
    assert 0 <= found.visit_minutes - exact < 5
    assert found.minutes % 5 == 0
    assert 0 <= found.minutes - exact - buffer < 5


def test_a_father_collects_five_cards_in_one_slot_of_twenty_minutes() -> None:
    found = request(office(PICK, minutes_first=7, minutes_next=3), (Part(PICK, 5),))
    assert isinstance(found, Request)
    assert found.minutes == 20


def test_minutes_after_a_visit_count_in_the_cells_and_not_as_its_length() -> None:
    found = request(office(PICK, buffer_minutes=10), (Part(PICK, 1),))
    assert isinstance(found, Request)
    assert (found.visit_minutes, found.minutes, found.ticks) == (10, 20, 4)
    booked = make.booking(minutes=found.minutes, buffer=found.buffer)
    assert len(taken_by(booked)) == 4
    assert booked.leaves == make.at("10:10")


def test_one_visit_is_cleared_up_after_once() -> None:
    both = office(PICK, buffer_minutes=10)
    services = tuple(
        msgspec.structs.replace(s, buffer_minutes=5) if s.code == BIO else s for s in both.services
    )
    parts = (Part(PICK, 1), Part(BIO, 1))
    found = request(msgspec.structs.replace(both, services=services), parts)
    assert isinstance(found, Request)
    assert found.minutes == 10 + 20 + 10


def test_services_of_different_counters_are_not_booked_together() -> None:
    made = make.office()
    apart = tuple(
        msgspec.structs.replace(c, skills=skills)
        for c, skills in zip(made.counters, ((PICK, MAIL), (BIO,)), strict=True)
    )
    found = request(msgspec.structs.replace(made, counters=apart), (Part(PICK, 1), Part(BIO, 1)))
    assert isinstance(found, Refusal)
    assert found.code is Code.NOT_TOGETHER
    assert isinstance(
        request(msgspec.structs.replace(made, counters=apart), (Part(PICK, 1), Part(MAIL, 1))),
        Request,
    )


def test_services_without_a_common_pool_are_not_booked_together() -> None:
    made = make.office()
    pools = tuple(
        msgspec.structs.replace(limit, services=(PICK, MAIL)) if limit.key == "desks" else limit
        for limit in made.limits
        if limit.key != "hall"
    )
    found = request(msgspec.structs.replace(made, limits=pools), (Part(PICK, 1), Part(BIO, 1)))
    assert isinstance(found, Refusal)


def test_each_service_is_named_once() -> None:
    found = request(make.office(), (Part(PICK, 1), Part(PICK, 2)))
    assert isinstance(found, Refusal)
    assert found.code is Code.INVALID


def test_what_is_longer_than_any_morning_is_refused_with_both_lengths() -> None:
    found = request(office(BIO, minutes_next=60), (Part(BIO, 5),))
    assert found == Refusal(Code.TOO_LONG, {"minutes": 260, "longest_minutes": 240})


def test_windows_that_touch_are_one_stretch() -> None:
    made = office(BIO, minutes_next=60)
    hours = (Window((0,), time(8), time(12)), Window((0,), time(12), time(13)))
    found = request(msgspec.structs.replace(made, hours=hours), (Part(BIO, 5),))
    assert isinstance(found, Request)


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


def resolved(made: Office, day: str, *more: Layer) -> Office:
    at = datetime.fromisoformat(f"{day}T12:00+01:00")
    return resolve((*layers_of(made, datetime(2026, 1, 1, tzinfo=UTC)), *more), at)


def test_no_appointment_is_needed_on_the_days_named_and_not_else() -> None:
    made = office(
        PICK,
        not_needed={"de": "kommen Sie einfach"},
        not_needed_from=date(2026, 12, 1),
        not_needed_to=date(2026, 12, 3),
    )
    said = {
        day: bool(resolved(made, f"2026-{day}").service(PICK).not_needed)  # type: ignore[union-attr]  # it has that service
        for day in ("11-30", "12-01", "12-03", "12-04")
    }
    assert said == {"11-30": False, "12-01": True, "12-03": True, "12-04": False}
    refusal = request(resolved(made, "2026-12-02"), (Part(PICK, 1),))
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.NO_APPOINTMENT_NEEDED


def test_settings_are_read_anew_at_the_local_midnights_on_which_something_changes() -> None:
    group = Exemption("g", {"de": "Gruppe"}, {"de": "x"}, valid_to=date(2026, 12, 9))
    made = office(PICK, not_needed={"de": "x"}, not_needed_from=date(2026, 12, 1), exempt=(group,))
    layers = layers_of(made, datetime(2026, 1, 1, tzinfo=UTC))
    first = next_change(layers, make.NOW)
    assert first == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert next_change(layers, first) == datetime(2026, 12, 9, 23, tzinfo=UTC)


def test_a_manager_says_so_by_a_layer_that_ends_by_its_dates() -> None:
    change = '{"not_needed": {"de": "verlängert"}, "not_needed_to": "2026-12-24"}'
    layer = Layer(f"service:{PICK}", change, make.NOW, origin=Origin.MANAGER)
    assert resolved(make.office(), "2026-12-24", layer).service(PICK).not_needed  # type: ignore[union-attr]  # it has it
    assert not resolved(make.office(), "2026-12-25", layer).service(PICK).not_needed  # type: ignore[union-attr]  # it has it


def town(**more: object) -> Office:
    neighbour = Referral(("08222000",), {"de": "Mannheim"}, web="https://www.mannheim.de")
    said = Jurisdiction(("08221000",), referrals=(neighbour,))
    return msgspec.structs.replace(make.office(), jurisdiction=said, **more)


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
