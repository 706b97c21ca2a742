"""What a ticket says when a call went by, or when none came before the day ended."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from queue_service.flows.entrance.tickets import TicketShown
from queue_service.model.office import LineRules
from queue_service.model.visit import VisitState
from queue_service.web.pages.applicant.ticket_words import TicketNow, in_words

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def words(state: VisitState, calls: int) -> TicketNow:
    followed: Any = SimpleNamespace(
        now=lambda: NOW, office=SimpleNamespace(line=LineRules(calls_before_missed=3))
    )
    shown = TicketShown("A123", state, 0, None, None, None, None, "en", "heidelberg", 1)
    return in_words(followed, shown, None, "en", calls)


@pytest.mark.parametrize(("calls", "left"), [(0, ""), (1, "2 more times."), (2, "1 more time.")])
def test_who_missed_a_call_learns_how_many_are_left(calls: int, left: str) -> None:
    said = words(VisitState.WAITING, calls).missed
    assert said.endswith(left)
    assert bool(said) == bool(left)


def test_who_was_never_called_is_not_told_that_they_did_not_come() -> None:
    never, missed = words(VisitState.MISSED, 0), words(VisitState.MISSED, 3)
    assert never.title == "The day ended before you were called. We are sorry."
    assert "no longer valid" in never.next
    assert missed.title != never.title
    assert missed.next != never.next
