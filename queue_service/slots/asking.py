"""Judges the answers to a service's questions: what they mean for the papers, or why not.

Answers come in as text, by key; nothing of them leaves but flags. What they are about and how they
are asked is configuration (`model.asking`).
"""

from collections.abc import Iterator, Mapping

import msgspec

from queue_service.model.asking import NO, YES, Kind, Question, Then
from queue_service.model.booking import Part
from queue_service.model.office import Office, Service
from queue_service.model.refusal import Code, Refusal


class Fault(msgspec.Struct, frozen=True):
    """An answer that cannot be taken: which and why."""

    question: str
    reason: str
    """missing · unreadable · too_many · together."""
    most: int = 0


class Judged(msgspec.Struct, frozen=True):
    """What the answers mean."""

    flags: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    against: tuple[dict[str, str], ...] = ()
    """Why it cannot be booked so, one text for each answer that rules it out."""


def asked(service: Service, persons: int) -> tuple[Question, ...]:
    """The questions for so many persons, in order."""
    return tuple(q for q in service.questions if persons >= q.persons_from)


def judge(service: Service, persons: int, answers: Mapping[str, str]) -> Judged:
    """What `answers` (question's key → answer) mean for a visit of so many persons."""
    questions = asked(service, persons)
    faults: list[Fault] = []
    flags: list[str] = []
    against: list[dict[str, str]] = []
    given: dict[str, str] = {}
    for question in questions:
        if question.after and not _affirmed(given.get(question.after, "")):
            continue
        answer = _plain(question, answers.get(question.key, ""))
        if not answer and question.optional:
            continue
        fault = _fault(question, answer, persons)
        if fault is not None:
            faults.append(fault)
            continue
        given[question.key] = answer
        for then in _brought(question, answer):
            flags += [then.flag] * (bool(then.flag) and then.flag not in flags)
            against += [then.refuse] * bool(then.refuse)
    faults += _too_many_together(questions, given, persons)
    return Judged(tuple(flags), tuple(faults), tuple(against))


def flags_of(
    office: Office, parts: tuple[Part, ...], answers: Mapping[str, str]
) -> tuple[str, ...] | Refusal:
    """The flags of a booking of `parts`, or a refusal that names every answer at fault.

    Keys no question has are refused: a mistyped key would lose an answer in silence.
    """
    known: set[str] = set()
    flags: list[str] = []
    for part in parts:
        service = office.service(part.service)
        if service is None:
            return Refusal(Code.UNKNOWN_SERVICE, {"service": part.service})
        known |= {question.key for question in service.questions}
        judged = judge(service, part.persons, answers)
        if judged.faults:
            return Refusal(Code.INVALID, {"errors": list(_errors(judged))})
        if judged.against:
            return Refusal(Code.NOT_SO, {"service": part.service, "texts": judged.against[0]})
        flags += [flag for flag in judged.flags if flag not in flags]
    strange = sorted(answers.keys() - known)
    if strange:
        reason = "no question has this key"
        errors = [{"field": f"answers.{key[:40]}", "reason": reason} for key in strange]
        return Refusal(Code.INVALID, {"errors": errors})
    return tuple(flags)


def _errors(judged: Judged) -> Iterator[dict[str, str]]:
    for fault in judged.faults:
        most = f" (at most {fault.most})" if fault.most else ""
        yield {"field": f"answers.{fault.question}", "reason": f"{fault.reason}{most}"}


def _affirmed(answer: str) -> bool:
    """Whether an earlier answer opens a question that depends on it: yes, a choice, a number."""
    return answer not in ("", NO, "0")


def _plain(question: Question, answer: str) -> str:
    """Tidied; digits of other scripts count as digits."""
    tidy = " ".join(answer.split())
    if question.kind is Kind.NUMBER and tidy.isdecimal() and len(tidy) <= 4:
        return str(int(tidy))
    return tidy


def _fault(question: Question, answer: str, persons: int) -> Fault | None:
    if not answer:
        return Fault(question.key, "missing")
    match question.kind:
        case Kind.YES_NO:
            right = answer in (YES, NO)
        case Kind.CHOICE:
            right = answer in {option.key for option in question.options}
        case Kind.NUMBER:
            right = answer.isdecimal() and len(answer) <= 4
            if right and question.counts_persons and int(answer) > persons:
                return Fault(question.key, "too_many", persons)
    return None if right else Fault(question.key, "unreadable")


def _brought(question: Question, answer: str) -> Iterator[Then]:
    for then in question.then:
        if question.kind is Kind.NUMBER:
            if int(answer) >= max(1, then.at_least):
                yield then
        elif answer in then.answers:
            yield then


def _too_many_together(
    questions: tuple[Question, ...], given: Mapping[str, str], persons: int
) -> list[Fault]:
    counted = [q.key for q in questions if q.counts_persons and q.key in given]
    if len(counted) < 2 or sum(int(given[key]) for key in counted) <= persons:
        return []
    return [Fault(counted[-1], "together", persons)]
