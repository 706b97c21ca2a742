"""What a triage must fulfil: every path ends, nothing is dead or unreachable, all is translated.

Form is read like every other file of the folder, so each fault comes with file, key, value and
reason. How a tree is walked is told in `kiosk.triage`.
"""

import re
from collections import Counter as Tally
from collections.abc import Iterator

from queue_service.model.asking import Texts
from queue_service.model.office import Office
from queue_service.model.triage import (
    PICTURES,
    Answer,
    End,
    Kind,
    Need,
    Outcome,
    Question,
    Triage,
)
from queue_service.offices.reading import Found

MOST_QUESTIONS = 8
"""On one path: with one tap each the longest stays below 45 seconds."""
MOST_ANSWERS = 8
"""Of one question: more do not fit on a screen as large buttons."""
_KEY = re.compile(r"[a-z][a-z0-9_]{0,40}")
_OF_SERVICE = frozenset({End.RESPONSIBLE, End.NO_APPOINTMENT, End.CARD, End.BOOK})


def triage_faults(office: Office, unsure: frozenset[str]) -> Iterator[Found]:
    """Every fault of the office's tree; keeps silent about services while those are `unsure`."""
    tree = office.triage
    if "triage" in unsure or tree == Triage():
        return
    yield from _keys(tree)
    for question in tree.questions:
        yield from _question(office, unsure, question)
    for outcome in tree.outcomes:
        yield from _outcome(office, unsure, outcome)
    yield from _ways(tree)
    yield from _texts(office, tree)


def _keys(tree: Triage) -> Iterator[Found]:
    names = [("questions", q.key) for q in tree.questions]
    names += [("outcomes", o.key) for o in tree.outcomes]
    times = Tally(key for _, key in names)
    for table, key in names:
        if not _KEY.fullmatch(key):
            reason = "must be small letters, digits and _, a letter first"
            yield Found(f"triage.{table}.{key}.key", key, reason)
        if times[key] > 1:
            reason = f"is used {times[key]} times among questions and outcomes"
            yield Found(f"triage.{table}.{key}.key", key, reason)


def _question(office: Office, unsure: frozenset[str], question: Question) -> Iterator[Found]:
    at = f"triage.questions.{question.key}"
    least = 1 if question.kind is Kind.PLACE else 2
    if not least <= len(question.answers) <= MOST_ANSWERS:
        reason = f"must be {least} to {MOST_ANSWERS}: {len(question.answers)} lead on from here"
        yield Found(f"{at}.answers", None, reason)
    for key, times in Tally(answer.key for answer in question.answers).items():
        if times > 1:
            yield Found(f"{at}.answers.{key}.key", key, f"is used {times} times")
    for answer in question.answers:
        yield from _answer(f"{at}.answers.{answer.key}", answer)
    yield from _place(office, at, question)
    if question.kind is Kind.PAPERS:
        yield from _papers(office, unsure, at, question)
    elif question.service is not None:
        reason = f"belongs to papers, this is {question.kind}"
        yield Found(f"{at}.service", question.service, reason)


def _place(office: Office, at: str, question: Question) -> Iterator[Found]:
    place = question.kind is Kind.PLACE
    for name, said in (("here", question.here), ("elsewhere", question.elsewhere)):
        if place and not said:
            yield Found(f"{at}.{name}", None, "is missing: a place leads on by it")
        elif said and not place:
            yield Found(f"{at}.{name}", said, f"belongs to a place, this is {question.kind}")
    if place and not office.jurisdiction.ags:
        yield Found(f"{at}.kind", question.kind, "needs the keys in jurisdiction.ags")


def _answer(at: str, answer: Answer) -> Iterator[Found]:
    if not _KEY.fullmatch(answer.key):
        reason = "must be small letters, digits and _, a letter first"
        yield Found(f"{at}.key", answer.key, reason)
    yield from _picture(at, answer.picture, needed=True)


def _picture(at: str, picture: str, *, needed: bool) -> Iterator[Found]:
    if (picture or needed) and picture not in PICTURES:
        yield Found(
            f"{at}.picture", picture or None, f"must be one of {', '.join(sorted(PICTURES))}"
        )


def _papers(office: Office, unsure: frozenset[str], at: str, question: Question) -> Iterator[Found]:
    if question.service is None:
        yield Found(f"{at}.service", None, "is missing: whose papers?")
    elif "services" not in unsure:
        service = office.service(question.service)
        if service is None:
            yield Found(f"{at}.service", question.service, "is no service of this office")
        elif not service.bring:
            yield Found(f"{at}.service", question.service, "asks for no papers (bring is empty)")


def _outcome(office: Office, unsure: frozenset[str], outcome: Outcome) -> Iterator[Found]:
    at = f"triage.outcomes.{outcome.key}"
    yield from _picture(at, outcome.picture, needed=False)
    if outcome.kind in _OF_SERVICE and outcome.service is None:
        yield Found(f"{at}.service", None, f"is missing: {outcome.kind} is about a service")
    if outcome.service is not None and "services" not in unsure:
        yield from _service(office, at, outcome)
    if outcome.kind is End.ONLINE and not outcome.link.startswith("https://"):
        yield Found(f"{at}.link", outcome.link or None, "must begin with https://")
    if outcome.link and outcome.kind is not End.ONLINE:
        yield Found(f"{at}.link", outcome.link, f"belongs to online, this is {outcome.kind}")
    yield from _need(at, outcome)
    yield from _rule_in_force(office, at, outcome)


def _service(office: Office, at: str, outcome: Outcome) -> Iterator[Found]:
    service = office.service(outcome.service or "")
    if service is None:
        yield Found(f"{at}.service", outcome.service, "is no service of this office")
        return
    if outcome.kind is End.RESPONSIBLE and not service.walk_in:
        yield Found(f"{at}.service", outcome.service, "takes nobody without appointment")
    if outcome.kind is End.BOOK and not service.bookable:
        yield Found(f"{at}.service", outcome.service, "cannot be booked")
    if outcome.kind is End.CARD and service.pickup is None:
        yield Found(f"{at}.service", outcome.service, "does not go by cards (pickup is missing)")
    if outcome.kind is End.RESPONSIBLE and service.emergency and outcome.need is None:
        yield Found(f"{at}.need", None, "is missing: an emergency has a class, N1 to N5")
    if outcome.need not in (None, Need.N0) and not service.emergency:
        yield Found(f"{at}.need", outcome.need, "belongs to a service for emergencies")


def _need(at: str, outcome: Outcome) -> Iterator[Found]:
    if outcome.need is Need.N0 and outcome.kind is not End.GUIDE:
        yield Found(f"{at}.need", outcome.need, "goes to the staff at once: kind must be guide")
    if outcome.need not in (None, Need.N0) and outcome.kind is not End.RESPONSIBLE:
        yield Found(f"{at}.need", outcome.need, f"gets a number: kind is {outcome.kind}")


def _rule_in_force(office: Office, at: str, outcome: Outcome) -> Iterator[Found]:
    if outcome.kind is not End.NO_APPOINTMENT:
        for name, said in (("exempt", outcome.exempt), ("otherwise", outcome.otherwise)):
            if said:
                reason = f"belongs to no_appointment, this is {outcome.kind}"
                yield Found(f"{at}.{name}", said, reason)
        return
    service = office.service(outcome.service or "")
    if service is not None:
        known = {exemption.key for exemption in service.exempt}
        if outcome.exempt and outcome.exempt not in known:
            reason = f"is no exemption of {service.code}"
            yield Found(f"{at}.exempt", outcome.exempt, reason)
        if not outcome.exempt and not service.not_needed:
            yield Found(f"{at}.exempt", None, f"is missing: {service.code} has no not_needed text")
    fallback = office.triage.outcome(outcome.otherwise)
    if fallback is None:
        reason = "must be the outcome for days on which the rule does not hold"
        yield Found(f"{at}.otherwise", outcome.otherwise or None, reason)
    elif fallback.kind is End.NO_APPOINTMENT:
        yield Found(f"{at}.otherwise", outcome.otherwise, "must not depend on a rule itself")


def _ways(tree: Triage) -> Iterator[Found]:
    """Every way leads to something that exists, ends, and everything is reached by one."""
    if tree.question(tree.first) is None:
        yield Found("triage.first", tree.first or None, "is no question of this tree")
        return
    for at, following, only_elsewhere in _leads(tree):
        outcome = tree.outcome(following)
        if outcome is None and tree.question(following) is None:
            yield Found(at, following, "is neither a question nor an outcome of this tree")
        elif only_elsewhere and (outcome is None or outcome.kind is not End.ELSEWHERE):
            yield Found(at, following, "must be an outcome of kind elsewhere")
        elif not only_elsewhere and outcome is not None and outcome.kind is End.ELSEWHERE:
            reason = "tells which authority it is: only a place's elsewhere leads there"
            yield Found(at, following, reason)
    yield from _endless(tree)
    reached = _reached(tree)
    for table, keys in (
        ("questions", [q.key for q in tree.questions]),
        ("outcomes", [o.key for o in tree.outcomes]),
    ):
        for key in keys:
            if key not in reached:
                yield Found(f"triage.{table}.{key}", key, "is reached by no answer")


def _leads(tree: Triage) -> Iterator[tuple[str, str, bool]]:
    """(where it is written, where it leads, whether it is a place's elsewhere)."""
    for question in tree.questions:
        at = f"triage.questions.{question.key}"
        for answer in question.answers:
            yield f"{at}.answers.{answer.key}.next", answer.next, False
        if question.here:
            yield f"{at}.here", question.here, False
        if question.elsewhere:
            yield f"{at}.elsewhere", question.elsewhere, True


def _onward(question: Question) -> tuple[str, ...]:
    ways = (*(answer.next for answer in question.answers), question.here, question.elsewhere)
    return tuple(dict.fromkeys(way for way in ways if way))


def _reached(tree: Triage) -> set[str]:
    found: set[str] = set()
    ahead = [tree.first]
    while ahead:
        key = ahead.pop()
        if key in found:
            continue
        found.add(key)
        question, outcome = tree.question(key), tree.outcome(key)
        if question is not None:
            ahead += _onward(question)
        elif outcome is not None and outcome.otherwise:
            ahead.append(outcome.otherwise)
    return found


def _endless(tree: Triage) -> Iterator[Found]:
    """Questions that lead back to themselves, and paths that are too long for somebody in line."""
    depth: dict[str, int] = {}

    def longest(key: str, above: tuple[str, ...]) -> int:
        question = tree.question(key)
        if question is None or key in above:
            return 0
        if key not in depth:
            depth[key] = 1 + max(
                (longest(way, (*above, key)) for way in _onward(question)), default=0
            )
        return depth[key]

    longest(tree.first, ())
    for question in tree.questions:
        if question.key in _below(tree, question):
            reason = "leads back to itself: a path through it would never end"
            yield Found(f"triage.questions.{question.key}", question.key, reason)
    if depth.get(tree.first, 0) > MOST_QUESTIONS:
        reason = f"begins a path of {depth[tree.first]} questions; at most {MOST_QUESTIONS}"
        yield Found("triage.first", tree.first, reason)


def _below(tree: Triage, question: Question) -> set[str]:
    return {key for way in _onward(question) for key in _reached(Triage(way, tree.questions))}


def _texts(office: Office, tree: Triage) -> Iterator[Found]:
    """Every text in every language of the office, and in every one the tree speaks anywhere."""
    every = list(_every_text(tree))
    spoken = dict.fromkeys((*office.languages, *(tag for _, text in every for tag in text)))
    for at, text in every:
        for language in spoken:
            if not text.get(language):
                yield Found(f"{at}.{language}", None, "is missing: every text needs this language")


def _every_text(tree: Triage) -> Iterator[tuple[str, Texts]]:
    for question in tree.questions:
        at = f"triage.questions.{question.key}"
        yield f"{at}.text", question.text
        if question.hint:
            yield f"{at}.hint", question.hint
        for answer in question.answers:
            yield f"{at}.answers.{answer.key}.text", answer.text
    for outcome in tree.outcomes:
        at = f"triage.outcomes.{outcome.key}"
        yield f"{at}.text", outcome.text
        if outcome.detail:
            yield f"{at}.detail", outcome.detail
