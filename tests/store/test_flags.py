"""What people answer when they book: kept as flags alone, and told a day before."""

from queue_service.flows.bookings import booking as flow
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.model.asking import Flag, Kind, Question, Then
from queue_service.model.refusal import Code
from queue_service.notify.outbox import plan_new
from tests import make
from tests.by_cards import by_cards, code_of
from tests.small import Small

PROXY = (
    Question(
        "paper", {"de": "Vollmacht?"}, Kind.YES_NO, then=(Then(("no",), flag="proxy_missing"),)
    ),
)


async def test_only_flags_of_the_answers_are_kept_and_what_is_missing_is_said_a_day_before(
    small: Small,
) -> None:
    await by_cards(small, questions=PROXY, flags=(Flag("proxy_missing", {"de": "fehlt"}),))
    held = await small.held("2026-11-25 10:00")
    refused = await small.confirm(held)
    assert code_of(refused) is Code.INVALID
    given = await flow.confirm(
        small.house,
        held.hold,
        held.secret,
        flow.Applicant(name="Amal", email="amal@example.org"),
        "de",
        None,
        {"paper": "no"},
    )
    assert isinstance(given, BookingGiven)
    assert given.flags == ("proxy_missing",)
    shown = await flow.show(small.house, given.code, Proof(secret=given.secret))
    assert isinstance(shown, BookingGiven)
    assert shown.flags == ("proxy_missing",)
    await plan_new(small.house, small.office)
    due = await small.fetch("select purpose, due from outbox order by due")
    assert [(row["purpose"], row["due"]) for row in due][1:] == [
        ("missing_papers", make.at("2026-11-24 10:00")),
        ("third_reminder", make.at("2026-11-25 08:00")),
    ]
