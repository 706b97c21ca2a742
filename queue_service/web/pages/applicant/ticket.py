"""The ticket on the phone, and what the picture on papers leads to.

The page is whole without scripts (it loads itself anew each minute); with them a small module asks
`…/now` for the same sentences whenever the line moves.
"""

from litestar import MediaType, Response, get, post
from litestar.response import Redirect, Template

from queue_service.flows.entrance import tickets
from queue_service.flows.entrance.tickets import TicketShown
from queue_service.house import House
from queue_service.kiosk.signed import is_signed
from queue_service.language import catalogue
from queue_service.model.codes import CODE_ALPHABET, CODE_LENGTH, TOKEN_ALPHABET, TOKEN_LENGTH
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import Visit, VisitState
from queue_service.notify.letters import qr_link, signed_link
from queue_service.web.pages import STATUS, Asked, Shown, known, page, refused, see, spoken
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.applicant.ticket_words import TicketNow, in_words, too_late
from queue_service.web.qr import svg

_A_YEAR = "public, max-age=31536000, immutable"


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
    return await _shown(request, house, lang, code)


@post("/{lang:str}/t/{code:str}/late", status_code=200)
async def late(request: Asked, house: House, lang: str, code: str) -> Shown:
    """Say "I am ten minutes late"; the turn is kept."""
    code = plain_code(code)
    form = await request.form()
    key = text(form, "idempotency_key")[:64] or None
    done = await tickets.come_later(house, code, tickets.MOST_LATE_MINUTES, key)
    if isinstance(done, Refusal) and done.code is not Code.UNKNOWN_TICKET and known(lang):
        return await _shown(request, house, lang, code, done)
    if isinstance(done, Refusal):
        language = lang if known(lang) else spoken(request)
        return refused(request, language, done, onward=f"/{language}", here=f"/t/{code}")
    return see(f"/{lang if known(lang) else spoken(request)}/t/{code}")


async def _shown(
    request: Asked, house: House, lang: str, code: str, sorry: Refusal | None = None
) -> Template:
    found = await tickets.of_ticket(house, code) if known(lang) else Refusal(Code.UNKNOWN_TICKET)
    if isinstance(found, Refusal):
        language = lang if known(lang) else spoken(request)
        return refused(request, language, found, onward=f"/{language}", here=f"/t/{code}")
    followed, visit = found
    shown = tickets.shown(followed, visit.id, visit)
    return page(
        "status/ticket.html",
        request,
        lang,
        title=catalogue(lang)("Number {number}", number=shown.number),
        here=f"/t/{code}",
        status=STATUS.get(sorry.code, 409) if sorry else 200,
        office=followed.office,
        code=code,
        self_url=f"/{lang}/t/{code}",
        seq=shown.seq,
        ticket=_now(house, shown, visit, lang),
        late_minutes=tickets.MOST_LATE_MINUTES,
        sorry=too_late(sorry, lang) if sorry else None,
    )


@get("/{lang:str}/t/{code:str}/now", cache_control=None)
async def ticket_now(house: House, lang: str, code: str) -> Response[TicketNow | None]:
    """The same in words for the script."""
    found = await tickets.of_ticket(house, plain_code(code))
    if isinstance(found, Refusal) or not known(lang):
        return Response(None, status_code=404)
    followed, visit = found
    shown = tickets.shown(followed, visit.id, visit)
    return Response(_now(house, shown, visit, lang), headers={"cache-control": "no-store"})


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


def _now(house: House, shown: TicketShown, stored: Visit, language: str) -> TicketNow:
    followed = house.follower.offices[shown.office]
    visit = followed.line.visit(stored.id) or stored
    waits = visit.state is VisitState.WAITING
    why = tickets.reasons(followed, visit) if waits else None
    return in_words(followed, shown, why, language, visit.calls)


handlers = [scanned, ticket, ticket_now, late, picture]
