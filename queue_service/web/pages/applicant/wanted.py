"""What an address or a form asks for: an office we know, services it offers, how many come.

Also what has been answered before a time is shown: where somebody lives, which cards are collected.
A card stands in addresses as its keyed hash, never by its number.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import msgspec
from litestar.response import Template

from queue_service.flows.bookings.booking import required_of, services_of
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import catalogue, sentence
from queue_service.model.booking import Part
from queue_service.model.ids import ServiceCode
from queue_service.model.office import Service
from queue_service.model.refusal import Code, Refusal
from queue_service.offices.jurisdiction import KEY_DIGITS, gate
from queue_service.web.pages import STATUS, Asked, known, page, refused, spoken
from queue_service.web.pages.applicant.answers import text
from queue_service.web.sisters import own_place

_ALSO = "also."
"""Fields of the form that add a service: ``also.TRAN=2``."""
_MOST_SERVICES = 8
_KEY_BYTES = 16


class Wanted(msgspec.Struct, frozen=True):
    """What somebody books in which office: known, offered, and for a possible number."""

    followed: Followed
    service: Service
    """The first of them."""
    parts: tuple[Part, ...]
    ags: str = ""
    """Municipality of residence, once it was asked and found right."""
    cards: tuple[bytes, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """Fields of the applicant that one of the services requires."""
        return required_of(services_of(self.followed, self.parts))

    @property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """The wish as fields of a form."""
        pairs: list[tuple[str, str]] = []
        for part in self.parts:
            pairs += [("service", part.service), ("persons", str(part.persons))]
        pairs += [("ags", self.ags)] * bool(self.ags)
        pairs += [("card", key.hex()) for key in self.cards]
        return tuple(pairs)

    @property
    def query(self) -> str:
        """The wish as part of an address."""
        return urlencode(self.hidden)


def visited(request: Asked, house: House, lang: str, slug: str) -> Followed | Template:
    """The office of an address, or the page that says there is none."""
    followed = house.follower.office(slug)
    if followed is None or not known(lang):
        language = lang if known(lang) else spoken(request)
        return refused(
            request, language, Refusal(Code.UNKNOWN_OFFICE), onward=f"/{language}", here=""
        )
    return followed


def wanted_of(
    request: Asked, house: House, lang: str, slug: str, given: Mapping[str, object]
) -> Wanted | Template:
    """The wish in `given`, or the page that says why it is none."""
    followed = visited(request, house, lang, slug)
    if isinstance(followed, Template):
        return followed
    parts = parts_of(given)
    asked = followed.office.service(parts[0].service) if parts else None
    if asked is None:
        return unknown_service(request, lang, followed)
    possible = followed.openings.request(parts)
    if isinstance(possible, Refusal):
        return refused(
            request,
            lang,
            possible,
            onward=f"/{lang}/{slug}/service/{asked.code}",
            here=f"/{slug}",
            office=followed.office,
        )
    ags, postcode = text(given, "ags")[:KEY_DIGITS], text(given, "postcode")[:10]
    wanted = Wanted(followed, asked, parts, ags, _cards(given))
    elsewhere = gate(followed.office, ags=ags, postcode=postcode)
    if elsewhere is not None:
        return not_here(request, house, lang, wanted, elsewhere, postcode)
    return wanted


def parts_of(given: Mapping[str, object]) -> tuple[Part, ...]:
    """The services and persons named in `given`; a number that is none counts as 0."""
    codes = [code for code in every(given, "service") if code][:_MOST_SERVICES]
    numbers = every(given, "persons")
    parts = [
        Part(ServiceCode(code[:40]), _number(numbers[n]) if n < len(numbers) else 1)
        for n, code in enumerate(codes)
    ]
    parts += [
        Part(ServiceCode(name.removeprefix(_ALSO)[:40]), many)
        for name in list(given)[:100]
        if name.startswith(_ALSO) and (many := _number(text(given, name)))
    ]
    return tuple(parts[: _MOST_SERVICES + 1])


def every(given: Mapping[str, object], field: str) -> list[str]:
    """All values of a field, in order."""
    several = getattr(given, "getall", None)
    values = several(field, []) if several else [given[field]] if field in given else []
    return [text({field: value}, field) for value in values]


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0


def _cards(given: Mapping[str, object]) -> tuple[bytes, ...]:
    return tuple(_keys(every(given, "card")[:_MOST_SERVICES]))


def _keys(tokens: list[str]) -> Iterator[bytes]:
    for token in tokens:
        try:
            key = bytes.fromhex(token)
        except ValueError:
            continue
        if len(key) == _KEY_BYTES:
            yield key


def not_here(
    request: Asked, house: House, lang: str, wanted: Wanted, refusal: Refusal, postcode: str
) -> Template:
    """Before any time: ask for the municipality, or name the authority that is responsible."""
    office, t = wanted.followed.office, catalogue(lang)
    said = sentence(refusal, lang)
    return page(
        "apply/elsewhere.html",
        request,
        lang,
        title=said.title,
        status=STATUS.get(refusal.code, 409),
        here=f"/{office.slug}/service/{wanted.service.code}",
        office=office,
        home=f"/{lang}/{office.slug}",
        said=said,
        choices=refusal.data.get("choices", ()),
        responsible=_responsible(house, refusal),
        again=refusal.code in (Code.INVALID, Code.UNKNOWN_PLACE),
        wrong=t("Please check the postcode.")
        if refusal.code is Code.UNKNOWN_PLACE
        else t("Please check the postcode: it has five digits."),
        postcode=postcode,
        hidden=msgspec.structs.replace(wanted, ags="").hidden,
        action=f"/{lang}/{office.slug}/book",
        back=f"/{lang}/{office.slug}/service/{wanted.service.code}",
    )


def _responsible(house: House, refusal: Refusal) -> dict[str, object]:
    """Who is responsible; an office of this house with the address it has itself."""
    found = refusal.data.get("responsible")
    return found | own_place(house, found.get("office")) if isinstance(found, dict) else {}


def unknown_service(request: Asked, lang: str, followed: Followed) -> Template:
    """The page for a service this office does not offer."""
    slug = followed.office.slug
    return refused(
        request,
        lang,
        Refusal(Code.UNKNOWN_SERVICE),
        onward=f"/{lang}/{slug}",
        here=f"/{slug}",
        office=followed.office,
    )
