"""What the API answers about triage, as types for the OpenAPI document."""

from datetime import date

import msgspec

from queue_service.model.asking import Referral, Texts
from queue_service.model.triage import End, Need, Outcome, Question
from queue_service.web.api.answers.exact import Answer


class TriageShown(Answer, frozen=True):
    """The tree; every path ends in an outcome."""

    first: str
    questions: tuple[Question, ...]
    outcomes: tuple[Outcome, ...]


class OutcomeShown(Answer, frozen=True):
    """What somebody does next."""

    key: str
    kind: End
    text: Texts
    detail: Texts
    service: str | None
    need: Need | None
    papers: bool
    bring: tuple[Texts, ...]
    valid_to: date | None
    """Of no_appointment: until when the rule holds."""
    link: str
    responsible: Referral | None
    """Of elsewhere: the right authority; null where it is not known for certain."""


class TriageStep(Answer, frozen=True):
    """Where the answers lead: exactly one of question and outcome is there."""

    answers: tuple[str, ...]
    question: Question | None
    outcome: OutcomeShown | None


TRIAGE_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "GET /offices/{office}/triage": (200, TriageShown),
    "POST /offices/{office}/triage": (200, TriageStep),
}
