"""What questions, cards, exemptions and jurisdiction of an office must fulfil."""

import re
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from datetime import date

from queue_service.model.asking import NO, YES, Kind, Question, Referral, Then
from queue_service.model.office import Office, Service
from queue_service.offices import municipalities
from queue_service.offices.reading import Found

_KEY = re.compile(r"[a-z][a-z0-9_]{0,40}")
_OWN_KEY = re.compile(r"\d{5}|\d{8}")
_LONGEST_BUFFER = 120
_MOST_CHECK_DAYS = 90


def request_faults(office: Office) -> Iterator[Found]:
    """Every fault in what an office asks before it gives an appointment."""
    for service in office.services:
        key = f"services.{service.code}"
        yield from _buffer(key, service)
        yield from _dates(key, "not_needed_", service.not_needed_from, service.not_needed_to)
        if not service.not_needed and (service.not_needed_from or service.not_needed_to):
            yield Found(f"{key}.not_needed", None, "is missing: the dates hold for this text")
        for number, group in enumerate(service.exempt, 1):
            at = f"{key}.exempt[{number}]"
            yield from _dates(at, "valid_", group.valid_from, group.valid_to)
        yield from _named_once(f"{key}.exempt", [group.key for group in service.exempt])
        yield from _named_once(f"{key}.flags", [flag.key for flag in service.flags])
        yield from _questions(key, service)
        if service.pickup is not None and not 0 <= service.pickup.check_days <= _MOST_CHECK_DAYS:
            reason = f"must be 0 to {_MOST_CHECK_DAYS}"
            yield Found(f"{key}.pickup.check_days", service.pickup.check_days, reason)
    by_cards = [service.code for service in office.services if service.pickup is not None]
    for code in by_cards[1:]:
        reason = f"goes by cards as {by_cards[0]} does: a card is booked for one service"
        yield Found(f"services.{code}.pickup", None, reason)
    yield from _jurisdiction(office)


def _buffer(key: str, service: Service) -> Iterator[Found]:
    if not 0 <= service.buffer_minutes <= _LONGEST_BUFFER:
        reason = f"must be 0 to {_LONGEST_BUFFER}"
        yield Found(f"{key}.buffer_minutes", service.buffer_minutes, reason)


def _dates(key: str, prefix: str, first: date | None, last: date | None) -> Iterator[Found]:
    if first and last and last < first:
        yield Found(f"{key}.{prefix}to", last, f"is before {first}")


def _named_once(key: str, names: list[str]) -> Iterator[Found]:
    for name, times in Tally(names).items():
        if times > 1:
            yield Found(f"{key}.{name}.key", name, f"is used {times} times")
        if not _KEY.fullmatch(name):
            reason = "must be small letters, digits and _, a letter first"
            yield Found(f"{key}.{name}.key", name, reason)


def _questions(key: str, service: Service) -> Iterator[Found]:
    yield from _named_once(f"{key}.questions", [q.key for q in service.questions])
    flags = {flag.key for flag in service.flags}
    earlier: list[str] = []
    for question in service.questions:
        at = f"{key}.questions.{question.key}"
        if question.after and question.after not in earlier:
            yield Found(f"{at}.after", question.after, "is no question before this one")
        if not 1 <= question.persons_from <= service.max_persons:
            reason = f"must be 1 to max_persons ({service.max_persons})"
            yield Found(f"{at}.persons_from", question.persons_from, reason)
        yield from _kind(at, question)
        for number, then in enumerate(question.then, 1):
            yield from _then(f"{at}.then[{number}]", question, then, flags)
        earlier.append(question.key)


def _kind(at: str, question: Question) -> Iterator[Found]:
    if question.kind is Kind.CHOICE and len(question.options) < 2:
        yield Found(f"{at}.options", None, "must be at least two: it is a choice")
    if question.kind is not Kind.CHOICE and question.options:
        yield Found(f"{at}.options", None, f"belong to a choice, this is {question.kind}")
    if question.counts_persons and question.kind is not Kind.NUMBER:
        yield Found(f"{at}.counts_persons", True, "is for a number only")
    yield from _named_once(f"{at}.options", [option.key for option in question.options])


def _then(at: str, question: Question, then: Then, flags: Iterable[str]) -> Iterator[Found]:
    if not then.flag and not then.refuse:
        yield Found(at, None, "must name a flag or refuse, else it brings nothing about")
    if then.flag and then.flag not in flags:
        yield Found(f"{at}.flag", then.flag, "is no flag of this service")
    if question.kind is Kind.NUMBER:
        if then.answers:
            yield Found(f"{at}.answers", then.answers, "a number is told by at_least")
        return
    known = {YES, NO} if question.kind is Kind.YES_NO else {o.key for o in question.options}
    if not then.answers:
        yield Found(f"{at}.answers", None, f"is missing: some of {', '.join(sorted(known))}")
    for answer in then.answers:
        if answer not in known:
            reason = f"is no answer; must be one of {', '.join(sorted(known))}"
            yield Found(f"{at}.answers", answer, reason)


def _jurisdiction(office: Office) -> Iterator[Found]:
    said = office.jurisdiction
    for ags in said.ags:
        if not _OWN_KEY.fullmatch(ags):
            reason = "must be 8 digits in quotes, or the 5 of a district"
            yield Found("jurisdiction.ags", ags, reason)
        elif len(ags) == len("08221000") and municipalities.of_key(ags) is None:
            yield Found("jurisdiction.ags", ags, "is no municipality of the table")
    if said.ags and office.ags not in said.ags and office.ags[:5] not in said.ags:
        reason = f"does not contain the office's own place {office.ags}"
        yield Found("jurisdiction.ags", list(said.ags), reason)
    if said.ask and not said.ags:
        yield Found("jurisdiction.ask", True, "needs the keys in jurisdiction.ags")
    for table, rows in (
        ("jurisdiction.referrals", said.referrals),
        ("authorities", office.authorities),
    ):
        named: dict[str, int] = {}
        for number, referral in enumerate(rows, 1):
            yield from _referral(office, table, number, referral, named)


def _referral(
    office: Office, table: str, number: int, referral: Referral, named: dict[str, int]
) -> Iterator[Found]:
    at = f"{table}[{number}]"
    if not referral.ags:
        yield Found(f"{at}.ags", None, "must not be empty")
    for ags in referral.ags:
        district = table == "authorities" and municipalities.of_district(ags)
        if municipalities.of_key(ags) is None and not district:
            # Whole districts are not referred: towns in them have authorities of their own.
            yield Found(f"{at}.ags", ags, "is no municipality of the table (8 digits, one by one)")
        elif table != "authorities" and any(ags.startswith(o) for o in office.jurisdiction.ags):
            yield Found(f"{at}.ags", ags, "is this office's own")
        elif ags in named:
            yield Found(f"{at}.ags", ags, f"stands in {table}[{named[ags]}] too")
        named.setdefault(ags, number)
    if referral.web and not referral.web.startswith("https://"):
        yield Found(f"{at}.web", referral.web, "must begin with https://")
