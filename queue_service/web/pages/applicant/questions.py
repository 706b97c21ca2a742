"""The questions of the chosen services as a form shows them, and what is wrong with the answers.

What an answer means is judged in `slots.asking`; it comes back with every refusal and is not kept.
"""

from collections.abc import Mapping

import msgspec

from queue_service.language import Catalogue, catalogue, mark, pick
from queue_service.model.asking import NO, YES, Kind, Question
from queue_service.model.booking import Part
from queue_service.model.office import Office, Texts
from queue_service.slots import asking
from queue_service.slots.asking import Fault
from queue_service.web.pages.applicant.answers import text

PREFIX = "q."
_LONGEST = 40
_YES_NO = ((YES, mark("Yes")), (NO, mark("No")))
_REASONS = {
    "missing": mark("Please answer: {question}"),
    "unreadable": mark("Please answer with one of the answers given, or a number: {question}"),
    "too_many": mark("At most {most}: {question}"),
    "together": mark(
        "Together these numbers are more than the {most} persons who come: {question}"
    ),
}


class Shown(msgspec.Struct, frozen=True):
    """One question of the form; `answers` are key and label of yes, no or the options."""

    key: str
    kind: Kind
    text: Texts
    hint: Texts
    optional: bool
    after: str
    answers: tuple[tuple[str, str | Texts], ...] = ()


class Asking(msgspec.Struct, frozen=True):
    """The questions of a request with the answers typed so far."""

    office: Office
    parts: tuple[Part, ...]
    typed: dict[str, str]

    def shown(self, language: str) -> tuple[Shown, ...]:
        """What the form shows, in order."""
        t = catalogue(language)
        return tuple(_shown(question, t) for question in questions_of(self.office, self.parts))

    def errors(self, language: str) -> dict[str, str]:
        """What is wrong, by name of the field."""
        t = catalogue(language)
        by_key = {question.key: question for question in questions_of(self.office, self.parts)}
        return {
            PREFIX + fault.question: _said(fault, by_key[fault.question], t)
            for part in self.parts
            for fault in self._judged(part).faults
        }

    def against(self) -> Texts:
        """Why it cannot be booked so; empty while nothing rules it out."""
        found = (each for part in self.parts for each in self._judged(part).against)
        return next(found, {})

    def flags(self) -> tuple[str, ...]:
        """What the answers mean for the papers."""
        every = [flag for part in self.parts for flag in self._judged(part).flags]
        return tuple(dict.fromkeys(every))

    def given(self) -> dict[str, str]:
        """The answers as fields of a form."""
        return {PREFIX + key: value for key, value in self.typed.items() if value}

    def read_back(self, language: str) -> list[tuple[str, str]]:
        """Question and answer, for a last look."""
        t = catalogue(language)
        found = []
        for question in questions_of(self.office, self.parts):
            answer = self.typed.get(question.key, "")
            labels = dict(_shown(question, t).answers)
            label = labels.get(answer, answer)
            words = pick(label, language)[0] if isinstance(label, dict) else label
            if words:
                found.append((pick(question.text, language)[0], words))
        return found

    def _judged(self, part: Part) -> asking.Judged:
        service = self.office.service(part.service)
        return asking.judge(service, part.persons, self.typed) if service else asking.Judged()


def asking_of(office: Office, parts: tuple[Part, ...], form: Mapping[str, object]) -> Asking:
    """The questions about `parts` with what `form` answers."""
    keys = [question.key for question in questions_of(office, parts)]
    return Asking(office, parts, {key: text(form, PREFIX + key)[:_LONGEST] for key in keys})


def questions_of(office: Office, parts: tuple[Part, ...]) -> tuple[Question, ...]:
    """Every question about `parts`, service by service."""
    return tuple(
        question
        for part in parts
        if (service := office.service(part.service)) is not None
        for question in asking.asked(service, part.persons)
    )


def papers(office: Office, parts: tuple[Part, ...], flags: tuple[str, ...]) -> list[Texts]:
    """What else to bring because of the answers."""
    return [
        flag.bring
        for part in parts
        if (service := office.service(part.service)) is not None
        for flag in service.flags
        if flag.key in flags and flag.bring
    ]


def _shown(question: Question, t: Catalogue) -> Shown:
    answers: tuple[tuple[str, str | Texts], ...] = ()
    if question.kind is Kind.YES_NO:
        answers = tuple((key, t(label)) for key, label in _YES_NO)
    elif question.kind is Kind.CHOICE:
        answers = tuple((option.key, option.text) for option in question.options)
    return Shown(
        question.key,
        question.kind,
        question.text,
        question.hint,
        question.optional,
        question.after,
        answers,
    )


def _said(fault: Fault, question: Question, t: Catalogue) -> str:
    return t(_REASONS[fault.reason], question=pick(question.text, t.language)[0], most=fault.most)
