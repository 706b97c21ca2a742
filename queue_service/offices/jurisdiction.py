"""Is this office responsible for somebody who lives there? By municipality key, never by guess.

A postcode that belongs to several municipalities is answered only where all of them give the same
answer; else the municipality is asked for.
"""

from collections.abc import Iterable

from queue_service.model.asking import Referral
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal
from queue_service.offices import municipalities
from queue_service.offices.municipalities import DISTRICT_DIGITS, POSTCODE_DIGITS, Municipality

KEY_DIGITS = 8


def gate(office: Office, *, ags: str = "", postcode: str = "") -> Refusal | None:
    """None when `office` serves that place, or nothing was said of it; else why not.

    The key wins over the postcode. `which_municipality` names the choices, `not_responsible` the
    right office where one is known for certain.
    """
    if not office.jurisdiction.ags or not (ags or postcode):
        return None
    if ags:
        known = municipalities.of_key(ags)
        if known is None:
            return Refusal(Code.UNKNOWN_PLACE, {"field": "ags"})
        return _answer(office, (known,))
    if len(postcode) != POSTCODE_DIGITS or not (postcode.isascii() and postcode.isdigit()):
        return Refusal(Code.INVALID, {"field": "postcode", "reason": "5 digits"})
    places = municipalities.of_postcode(postcode)
    if not places:
        return Refusal(Code.UNKNOWN_PLACE, {"field": "postcode"})
    return _answer(office, places)


def serves(office: Office, ags: str) -> bool:
    """Whether the municipality of that key is one of the office's."""
    return any(ags.startswith(own) for own in office.jurisdiction.ags)


def referral(office: Office, ags: str) -> Referral | None:
    """Who is known to be responsible for that municipality; None: we do not know.

    An imported row for the municipality stands above what the office wrote itself, that above an
    imported row for the whole district.
    """
    tables = (office.authorities, office.jurisdiction.referrals, office.authorities)
    for table, key in zip(tables, (ags, ags, ags[:DISTRICT_DIGITS]), strict=True):
        found = next((said for said in table if key in said.ags), None)
        if found is not None:
            return found
    return None


def same_authority(office: Office, keys: Iterable[str]) -> bool:
    """Whether residents of all these municipalities are told the same; what is unknown counts."""
    return len({id(referral(office, key)) for key in keys}) == 1


def _answer(office: Office, places: Iterable[Municipality]) -> Refusal | None:
    places = tuple(places)
    answers = {(serves(office, p.ags), _named(office, p)) for p in places}
    if len(answers) > 1:
        choices = [{"ags": p.ags, "name": p.name, "district": p.district} for p in places]
        return Refusal(Code.WHICH_MUNICIPALITY, {"choices": choices})
    if next(iter(answers))[0]:
        return None
    found = referral(office, places[0].ags)
    data: dict[str, object] = {"municipality": places[0].name} if len(places) == 1 else {}
    return Refusal(Code.NOT_RESPONSIBLE, data | ({"responsible": _told(found)} if found else {}))


def _named(office: Office, place: Municipality) -> str:
    found = None if serves(office, place.ags) else referral(office, place.ags)
    return found.name["de"] if found else ""


def _told(found: Referral) -> dict[str, object]:
    said = {
        "name": found.name,
        "street": found.street,
        "postcode": found.postcode,
        "town": found.town,
        "phone": found.phone,
        "web": found.web,
        "hours": found.hours,
        "office": found.office,
    }
    return {key: value for key, value in said.items() if value}
