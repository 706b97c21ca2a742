"""Sentences for the codes of the house: why somebody is next, what to do now, states of things.

A code that is not known here (a newer process wrote it) gives the most general sentence.
"""

from queue_service.events.floor import CallReason, WhyNext
from queue_service.language.catalogues import catalogue, mark
from queue_service.language.formats import span
from queue_service.model.visit import VisitState

_VISIT_STATES = {
    VisitState.WAITING: mark("Please wait"),
    VisitState.CALLED: mark("It is your turn"),
    VisitState.SERVING: mark("You are at the counter"),
    VisitState.PARKED: mark("Please come back when you have what you were asked for"),
    VisitState.FINISHED: mark("Your visit is finished"),
    VisitState.MISSED: mark("You were called and did not come"),
    VisitState.WITHDRAWN: mark("This number was taken back"),
}

_INSTRUCTIONS = {
    "wait": mark("Please take a seat. Your number will be called and shown on the screen."),
    "wait_early": mark("You are early. Please take a seat; you will be called from your time on."),
    "late_walk_in": mark(
        "Your time is over. You wait like people without appointment; you will be called today."
    ),
    "already_checked_in": mark("You are already checked in. Your number stays the same."),
    "go_to": mark("Please go to the counter shown. You are expected."),
}

_DAYS = {
    "free": mark("free"),
    "held": mark("being booked by others"),
    "taken": mark("fully booked"),
    "closed": mark("closed"),
    "not_yet": mark("not open for booking yet"),
}

_DAY_SENTENCES = {
    "held": mark("All places of this day are just being booked by others. Some may become free."),
    "taken": mark("All places of this day are taken. Cancelled places appear here by themselves."),
    "closed": mark("The office is closed on this day."),
    "not_yet": mark("This day cannot be booked yet."),
}


_REASONS = {
    "only_one": mark("The only one waiting for this counter."),
    "by_number": mark("Called by number."),
    "fallback": mark("Nobody waits for this counter's own services: helping out."),
    "handed_to_you": mark("Handed over to you."),
    "returned": mark("Was sent away for a moment and is back: where they stood before."),
    "serve_now": mark("Served at once, without a call."),
    "accepted": mark("Emergency you have accepted."),
}

_CALL_REASONS: dict[str, str] = {
    CallReason.HEALTH: mark("Reason: health."),
    CallReason.CHILDREN: mark("Reason: small children."),
    CallReason.INTERPRETER: mark("Reason: the interpreter is here."),
    CallReason.BELONGS_HERE: mark("Reason: belongs to a visit here."),
    CallReason.CAME_BACK: mark("Reason: came back."),
    CallReason.OTHER: mark("Reason: another one."),
}


def why_next(why: WhyNext, language: str) -> str:
    """Why this person is next, in one sentence for the desk."""
    t = catalogue(language)
    waited, target = why.waited_minutes, why.target_minutes
    if why.code == "emergency_floor":
        text = t.plural(
            "Emergency, waiting for {n} minute: emergencies go first.",
            "Emergency, waiting for {n} minutes: emergencies go first.",
            waited,
        )
    elif why.code == "longest_share_of_target" and target:
        text = t("Waited {waited} of {target} min promised.", waited=waited, target=target)
    elif why.code in _REASONS:
        text = t(_REASONS[why.code])
        if why.reason in _CALL_REASONS:
            text = f"{text} {t(_CALL_REASONS[why.reason])}"
    else:
        text = t.plural("Waited for {n} minute.", "Waited for {n} minutes.", waited)
    if why.ahead_passed:
        passed = t.plural(
            "{n} person who came earlier waits on.",
            "{n} persons who came earlier wait on.",
            why.ahead_passed,
        )
        return f"{text} {passed}"
    return text


def about_minutes(first: int, last: int, language: str) -> str:
    """An honest wait or length as a range; one number only where both ends agree."""
    t = catalogue(language)
    return t.plural(
        "about {range} min", "about {range} min", last, range=span(first, last, language)
    )


def instruction(code: str, language: str) -> str:
    """What somebody who has just arrived does now."""
    return catalogue(language)(_INSTRUCTIONS.get(code, _INSTRUCTIONS["wait"]))


def visit_state(state: VisitState, language: str) -> str:
    """Where a visit stands, said to the visitor."""
    return catalogue(language)(_VISIT_STATES[state])


def service_day(state: str, language: str, *, long: bool = False) -> str:
    """The state of a day (free, held, taken, closed, not_yet) as a word or as a sentence."""
    table = _DAY_SENTENCES if long else _DAYS
    return catalogue(language)(table.get(state, ""))
