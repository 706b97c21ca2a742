"""The ticket on the phone, and what the picture on papers leads to.

The page is whole without scripts (it loads itself anew each minute); with them a small module asks
`…/now` for the same sentences whenever the line moves.
"""

import msgspec
from litestar import MediaType, Response, get
from litestar.response import Redirect, Template

from queue_service.flows import tickets
from queue_service.flows.tickets import TicketShown
from queue_service.house import House
from queue_service.kiosk.signed import is_signed
from queue_service.language import about_minutes, catalogue, clock, pick, visit_state
from queue_service.model.codes import CODE_ALPHABET, CODE_LENGTH, TOKEN_ALPHABET, TOKEN_LENGTH
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import VisitState
from queue_service.notify.letters import qr_link, signed_link
from queue_service.web.pages import Asked, known, page, refused, spoken
from queue_service.web.qr import svg

_A_YEAR = "public, max-age=31536000, immutable"


class TicketNow(msgspec.Struct, frozen=True):
    """The ticket in words, as page and script show it; only this visitor's own."""

    state: str
    number: str
    title: str
    counter: str = ""
    ahead: str = ""
    wait: str = ""
    at: str = ""


@get("/T/{code:str}")
async def scanned(request: Asked, code: str) -> Redirect:
    """Where the picture on a letter or a ticket leads."""
    language, plain = spoken(request), plain_code(code)
    kind = "t" if len(plain) == TOKEN_LENGTH else "b"
    return Redirect(f"/{language}/{kind}/{plain}", headers={"vary": "accept-language"})


@get("/{lang:str}/t/{code:str}")
async def ticket(request: Asked, house: House, lang: str, code: str) -> Template:
    """Number, people before, wait; when called the counter, large."""
    code = plain_code(code)
    shown = await tickets.ticket(house, code) if known(lang) else Refusal(Code.UNKNOWN_TICKET)
    if isinstance(shown, Refusal):
        language = lang if known(lang) else spoken(request)
        return refused(request, language, shown, onward=f"/{language}", here=f"/t/{code}")
    followed = house.follower.office(shown.office)
    return page(
        "status/ticket.html",
        request,
        lang,
        title=catalogue(lang)("Number {number}", number=shown.number),
        here=f"/t/{code}",
        office=followed.office if followed else None,
        code=code,
        self_url=f"/{lang}/t/{code}",
        seq=shown.seq,
        ticket=_now(house, shown, lang),
    )


@get("/{lang:str}/t/{code:str}/now", cache_control=None)
async def ticket_now(house: House, lang: str, code: str) -> Response[TicketNow | None]:
    """The same in words for the script."""
    shown = await tickets.ticket(house, plain_code(code))
    if isinstance(shown, Refusal) or not known(lang):
        return Response(None, status_code=404)
    return Response(_now(house, shown, lang), headers={"cache-control": "no-store"})


@get("/qr/{name:str}")
async def picture(house: House, name: str) -> Response[str]:
    """The picture of a code, as SVG; the code alone opens nothing."""
    code, _, kind = name.partition(".")
    if kind != "svg" or not _is_code(code):
        return Response("", status_code=404, media_type=MediaType.TEXT)
    link = signed_link if is_signed(code) else qr_link
    return Response(
        svg(link(house.settings.base_url, code)),
        media_type="image/svg+xml",
        headers={"cache-control": _A_YEAR},
    )


def plain_code(typed: str) -> str:
    """A code as people type it: capitals, no spaces, nothing but letters and digits."""
    return "".join(sign for sign in typed[:200].upper() if sign.isascii() and sign.isalnum())


def _is_code(text: str) -> bool:
    booking = len(text) == CODE_LENGTH and set(text) <= set(CODE_ALPHABET)
    return (
        booking
        or is_signed(text)
        or (len(text) == TOKEN_LENGTH and set(text) <= set(TOKEN_ALPHABET))
    )


def _now(house: House, shown: TicketShown, language: str) -> TicketNow:
    t, followed = catalogue(language), house.follower.office(shown.office)
    waiting = shown.state is VisitState.WAITING
    counter = ""
    if shown.state is VisitState.CALLED and shown.counter and followed:
        known_counter = followed.office.counter(shown.counter)
        counter = pick(known_counter.name, language)[0] if known_counter else shown.counter
    return TicketNow(
        state=str(shown.state),
        number=shown.number,
        title=visit_state(shown.state, language),
        counter=counter,
        ahead=_ahead(language, shown.ahead) if waiting else "",
        wait=_wait(language, shown) if waiting else "",
        at=t("As of {time}", time=clock(followed.now())) if followed else "",
    )


def _ahead(language: str, ahead: int) -> str:
    t = catalogue(language)
    if ahead == 0:
        return t("You are next.")
    return t.plural("{n} person before you", "{n} persons before you", ahead)


def _wait(language: str, shown: TicketShown) -> str:
    if shown.wait is None:
        return ""
    return about_minutes(shown.wait.from_minutes, shown.wait.to_minutes, language)


handlers = [scanned, ticket, ticket_now, picture]
