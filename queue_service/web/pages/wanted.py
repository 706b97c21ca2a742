"""What an address or a form asks for: an office we know, a service it offers, how many come."""

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec
from litestar.response import Template

from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Part
from queue_service.model.ids import ServiceCode
from queue_service.model.office import Service
from queue_service.model.refusal import Code, Refusal
from queue_service.web.pages import Asked, known, refused, spoken
from queue_service.web.pages.answers import text


class Wanted(msgspec.Struct, frozen=True):
    """What somebody books in which office: known, offered, and for a possible number."""

    followed: Followed
    service: Service
    parts: tuple[Part, ...]

    @property
    def query(self) -> str:
        """The wish as part of an address."""
        part = self.parts[0]
        return urlencode({"service": part.service, "persons": part.persons})


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
    asked = followed.office.service(text(given, "service"))
    if asked is None:
        return unknown_service(request, lang, followed)
    typed = text(given, "persons")
    persons = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
    parts = (Part(ServiceCode(asked.code), persons),)
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
    return Wanted(followed, asked, parts)


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
