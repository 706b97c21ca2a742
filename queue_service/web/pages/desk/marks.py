"""What a clerk notes about whoever is at the counter: aids, how pressing it is, the language.

Choices to be drawn, and the form read back; what is as it was is left alone.
"""

import msgspec
from litestar.datastructures import FormMultiDict

from queue_service.language import catalogue
from queue_service.language.floor_words import aid, urgencies
from queue_service.language.paper import spoken_in
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal
from queue_service.model.triage import Need
from queue_service.model.visit import Aid, NeedClass, Visit
from queue_service.web.pages.applicant.answers import text

_USUAL, _EMERGENCY = "usual", "emergency"
"""How pressing it is, besides the need classes: no emergency, and one without class."""


class Choice(msgspec.Struct, frozen=True):
    """A box to tick or one of several to choose."""

    value: str
    label: str
    on: bool
    visit: str
    """Whom it is about: for the next person the choices begin anew."""


class Marks(msgspec.Struct, frozen=True):
    """Everything that can be noted, as it stands."""

    aids: tuple[Choice, ...]
    needs: tuple[Choice, ...]
    languages: tuple[Choice, ...]


class Noted(msgspec.Struct, frozen=True):
    """What the form changes; None leaves it as it is."""

    aids: tuple[Aid, ...] | None = None
    need: NeedClass | None = None
    urgency: Need | None = None
    language: str | None = None


def marks(visit: Visit, office: Office, language: str) -> Marks:
    """The choices about `visit`, in the clerk's language."""
    t, stands, who = catalogue(language), _stands(visit), str(visit.id)
    needs = [(_USUAL, t("no emergency")), *urgencies(language)]
    if stands == _EMERGENCY:
        needs.insert(1, (_EMERGENCY, t("emergency")))
    spoken = dict.fromkeys((*office.languages, visit.language))
    return Marks(
        tuple(Choice(a.value, aid(a.value, language), a in visit.aids, who) for a in Aid),
        tuple(Choice(code, said, code == stands, who) for code, said in needs),
        tuple(Choice(s, spoken_in(s, language), s == visit.language, who) for s in spoken),
    )


def _stands(visit: Visit) -> str:
    if visit.need is not NeedClass.EMERGENCY:
        return _USUAL
    return visit.urgency.value if visit.urgency is not None else _EMERGENCY


def noted(form: FormMultiDict, visit: Visit) -> Noted | Refusal:
    """What `form` says about `visit`."""
    ticked = {str(value) for value in form.getall("aid", [])}
    need, spoken = text(form, "need") or _stands(visit), text(form, "language")
    if need not in (_USUAL, _EMERGENCY, *set(Need)):
        return Refusal(Code.INVALID, {"field": "need"})
    usual = NeedClass.WALK_IN if visit.booking is None else NeedClass.BOOKING
    changed = need != _stands(visit)
    return Noted(
        tuple(each for each in Aid if each.value in ticked),
        usual if changed and need == _USUAL else None,
        Need(need) if changed and need in set(Need) else None,
        spoken if spoken and spoken != visit.language else None,
    )
