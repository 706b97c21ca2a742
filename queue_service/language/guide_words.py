"""What guides show and say: where somebody stands and why, in plain words for the visitor."""

from datetime import datetime

from queue_service.language.catalogues import Catalogue, catalogue, mark
from queue_service.language.formats import clock
from queue_service.language.words import about_minutes, visit_state
from queue_service.model.visit import NeedClass, VisitState

_RULES = {
    NeedClass.EMERGENCY: mark("Emergencies go first."),
    NeedClass.BOOKING: mark("Your waiting counts from the time of your appointment."),
    NeedClass.WALK_IN: mark(
        "You came without an appointment: your waiting counts from your arrival."
    ),
}
SOUGHT = {
    "lost_code": mark("The code is lost"),
    "no_phone": mark("No phone, or its battery is empty"),
    "helped_by_others": mark("Somebody else has booked for them"),
}
"""Why somebody is looked for."""


def explained(
    language: str,
    *,
    state: VisitState,
    need: NeedClass,
    ahead: int,
    emergencies_ahead: int,
    wait: tuple[int, int] | None,
    due: datetime,
    now: datetime,
) -> list[str]:
    """Why this person is where they are, sentence by sentence."""
    t = catalogue(language)
    if state is not VisitState.WAITING:
        return [t(visit_state(state, language))]
    said = [_before(t, ahead)]
    if emergencies_ahead:
        said.append(
            t.plural(
                "{n} of them is an emergency, and emergencies go first.",
                "{n} of them are emergencies, and emergencies go first.",
                emergencies_ahead,
            )
        )
    said.append(t(_RULES[need]))
    if due > now:
        said.append(t("You are early: you are called from {time} on.", time=clock(due)))
    if wait is not None:
        said.append(t("Expected wait: {range}", range=about_minutes(*wait, language)))
    return said


def _before(t: Catalogue, ahead: int) -> str:
    if ahead == 0:
        return t("You are next.")
    return t.plural("{n} person before you", "{n} persons before you", ahead)


def missing(papers: list[str], language: str) -> str:
    """What the desk is told about papers that somebody has not with them."""
    return catalogue(language)("Missing: {papers}", papers=", ".join(papers))


_DONE = {
    "checked_in": mark("Number {number} is given"),
    "marked": mark("{number} marked"),
    "handed_over": mark("{number} handed over"),
    "papers": mark("Missing papers of {number} are noted"),
}


def done(act: str, number: str, language: str) -> str:
    """What a guide did last, for the key that takes it back."""
    said = _DONE.get(act)
    return catalogue(language)(said, number=number) if said else number


def handed(
    language: str, *, counter: str, named: str, passed: int, overdue: bool, unattended: bool
) -> str:
    """How far an emergency is on its way to a case worker; `counter` once one has accepted."""
    t = catalogue(language)
    if counter:
        return t("Accepted: please go to {counter}.", counter=counter)
    if unattended:
        return t("No case worker is at a counter: please fetch one. Any counter that can calls it.")
    said = [t("Waits for {name}.", name=named) if named else t("Waits for any free case worker.")]
    if passed:
        said.append(t.plural("{n} has passed it on.", "{n} have passed it on.", passed))
    if overdue:
        said.append(t("Nobody has accepted in time: every counter calls it now."))
    return " ".join(said)
