"""Sentences for what a visit goes through: steps, aids, reasons, states of a counter.

A code that is not known here (a newer process wrote it) is shown as it is.
"""

from collections.abc import Mapping

from queue_service.events.floor import CallReason
from queue_service.language.catalogues import catalogue, mark
from queue_service.model.desk import DeskState
from queue_service.model.triage import Need
from queue_service.model.visit import Aid, Step

_STEPS: dict[str, str] = {
    Step.COUNTER: mark("Counter"),
    Step.FINGERPRINTS: mark("Fingerprints"),
    Step.PHOTO: mark("Photo"),
    Step.FEE: mark("Fee"),
    Step.PAPERS: mark("Papers"),
    Step.CASE_WORKER: mark("Case worker"),
}
_AIDS: dict[str, str] = {
    Aid.VULNERABLE: mark("needs a seat or quiet"),
    Aid.INTERPRETER: mark("needs an interpreter"),
    Aid.WHEELCHAIR: mark("uses a wheelchair"),
    Aid.HEARING: mark("hears badly"),
    Aid.SIGHT: mark("sees badly"),
}
_URGENT: dict[str, str] = {
    Need.N0: mark("cannot wait today"),
    Need.N1: mark("right to stay ends by tomorrow"),
    Need.N2: mark("work, training or benefits at risk"),
    Need.N3: mark("urgent journey"),
    Need.N4: mark("permit expired or about to"),
    Need.N5: mark("lost papers, newborn or similar"),
}
_PARKED: dict[str, str] = {
    "papers": mark("fetches papers"),
    "photo": mark("has photos taken"),
    "payment": mark("pays"),
    "other": mark("comes back soon"),
}
_CALLS: dict[str, str] = {
    CallReason.HEALTH: mark("for their health"),
    CallReason.CHILDREN: mark("with small children"),
    CallReason.INTERPRETER: mark("the interpreter is here now"),
    CallReason.BELONGS_HERE: mark("belongs to a case at this counter"),
    CallReason.CAME_BACK: mark("comes back with something"),
    CallReason.OTHER: mark("another reason"),
}
_DESKS: dict[str, str] = {
    DeskState.OPEN: mark("Open"),
    DeskState.BREAK: mark("Break"),
    DeskState.BACK_OFFICE: mark("Back office"),
    DeskState.CLOSED: mark("Closed"),
}


def step(code: str, language: str) -> str:
    """The name of a step."""
    return _said(_STEPS, code, language)


def aid(code: str, language: str) -> str:
    """What somebody needs."""
    return _said(_AIDS, code, language)


def urgency(code: str, language: str) -> str:
    """A need class of emergencies with what it means, as N2: work, training or benefits at risk."""
    said = _said(_URGENT, code, language)
    return f"{code}: {said}" if said != code else code


def urgencies(language: str) -> list[tuple[str, str]]:
    """(code, words) of every need class, the most pressing first."""
    return [(each.value, urgency(each.value, language)) for each in Need]


def parked(code: str, language: str) -> str:
    """Why somebody is not in the line just now."""
    return _said(_PARKED, code, language)


def desk_state(code: str, language: str) -> str:
    """What a counter does."""
    return _said(_DESKS, code, language)


def park_reasons(language: str) -> list[tuple[str, str]]:
    """(code, words) of every reason to park."""
    return [(code, parked(code, language)) for code in _PARKED]


def call_reasons(language: str) -> list[tuple[str, str]]:
    """(code, words) of every reason to call somebody out of turn."""
    return [(code.value, _said(_CALLS, code, language)) for code in CallReason]


def desk_states(language: str) -> list[tuple[str, str]]:
    """(code, words) of every state of a counter."""
    return [(code.value, desk_state(code, language)) for code in DeskState]


def _said(words: Mapping[str, str], code: str, language: str) -> str:
    return catalogue(language)(words[code]) if code in words else code
