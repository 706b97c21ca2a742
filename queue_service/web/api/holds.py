"""For applicants: holds. Taking one is what thousands do in the same minute, so it is lean."""

from datetime import datetime
from functools import lru_cache, partial
from typing import Any

import msgspec
from litestar import Response, delete, post
from litestar.params import FromPath
from litestar.types import ASGIApp, Scope

from queue_service.flows.bookings import cards, holding
from queue_service.flows.wish import own_key
from queue_service.house import House
from queue_service.model.booking import Part
from queue_service.model.refusal import Code, Refusal
from queue_service.offices.jurisdiction import gate
from queue_service.web import soldout
from queue_service.web.access import crowded, guessing
from queue_service.web.api.bookings import Key, bearer, private
from queue_service.web.api.shapes import HoldBody, parts_of
from queue_service.web.lean import AnyRequest, Sent, documented, header, parameter, read
from queue_service.web.problems import lean_problem, misread, problem
from queue_service.web.throttle import address_of

LARGEST_BODY = 16_000
"""Bytes; a hold has at most eight short parts."""
LONGEST_KEY = 200
REMEMBERED_BODY = 512
_decode = msgspec.json.Decoder(HoldBody).decode
_encode = msgspec.json.Encoder().encode
_PRIVATE = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
_KEY = parameter(
    "Idempotency-Key",
    "header",
    {"type": "string", "maxLength": LONGEST_KEY},
    "Same key, same answer; fresh for every wish, best a UUID: a short one counts for one address",
)


@post(
    "/offices/{office:str}/holds",
    summary="Hold places",
    status_code=201,
    operation_class=documented(parameters=(_KEY,), body=HoldBody),
)
async def hold(request: AnyRequest) -> ASGIApp:
    """Hold places for one person; 409 `slot_full` names the three nearest alternatives."""
    scope: Scope = request.scope
    house: House = request.app.state.house
    content = await _content(request)
    if isinstance(content, Refusal):
        return lean_problem(scope, content)
    slug = scope["path_params"]["office"]
    office = house.follower.office(slug)
    accept = header(scope, b"accept-language")
    key = own_key(
        header(scope, b"idempotency-key"),
        partial(address_of, request, trusted_proxy=house.settings.trusted_proxy),
    )
    asked = office and soldout.Asked(office, content, accept)
    told = asked and asked.told_before(key)
    if told:
        return told
    wish = _wish(content)
    if isinstance(wish, Refusal):
        return lean_problem(scope, wish)
    elsewhere = office and gate(office.office, ags=wish.ags, postcode=wish.postcode)
    if elsewhere:
        return lean_problem(scope, elsewhere)
    if wish.cards and await guessing(request, house):
        return lean_problem(scope, Refusal(Code.TOO_MANY, {"retry_after_seconds": 5}))
    given = await holding.hold(
        house,
        slug,
        parts=wish.parts,
        start=wish.start,
        language=wish.language,
        key=key or None,
        cards=cards.keys_of(house, office, wish.cards) if office and wish.cards else (),
    )
    if isinstance(given, Refusal):
        refused = lean_problem(scope, given)
        if asked and not wish.cards:
            asked.keep(refused, given, wish.parts, wish.start)
        return refused
    return Sent(201, _encode(given), _PRIVATE)


class Wish(msgspec.Struct, frozen=True):
    """A body as it was read."""

    parts: tuple[Part, ...]
    start: datetime
    language: str
    cards: tuple[str, ...] = ()
    ags: str = ""
    postcode: str = ""


def _read_anew(content: bytes) -> Wish:
    """What a body says."""
    body = _decode(content)
    parts = parts_of(body.services)
    return Wish(parts, body.start, body.language, body.cards, body.ags, body.postcode)


_read_as = lru_cache(maxsize=4_096)(_read_anew)
"""The same, remembered: a crowd sends the same few short bodies."""


async def _content(request: AnyRequest) -> bytes | Refusal:
    """The body of an address that does not ask too often, under a key that may be used."""
    many = await crowded(request, request.app.state.house)
    if many is not None:
        return many
    key = header(request.scope, b"idempotency-key")
    if len(key) > LONGEST_KEY:
        return Refusal(Code.INVALID, {"field": "Idempotency-Key", "reason": "too long"})
    content = await read(request.receive, LARGEST_BODY)
    if content is None:
        return Refusal(Code.INVALID, {"reason": f"more than {LARGEST_BODY} bytes"})
    return content


def _wish(content: bytes) -> Wish | Refusal:
    try:
        # Card numbers are kept nowhere, so bodies that may hold one are not remembered either.
        short = len(content) <= REMEMBERED_BODY and b'"cards"' not in content
        return (_read_as if short else _read_anew)(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return misread(error)


@post("/holds/{hold:str}/extend", summary="Five more minutes", status_code=200)
async def extend(
    request: AnyRequest, house: House, hold: FromPath[str], key: Key = None
) -> Response[Any]:
    """A hold lasts longer, at least ten times, up to an absolute cap."""
    return private(request, await holding.extend(house, hold, bearer(request), key))


@delete("/holds/{hold:str}", summary="Give a hold back", status_code=200)
async def release(request: AnyRequest, house: House, hold: FromPath[str]) -> Response[Any]:
    """The places return as the rules of release say: at once, or after a rest."""
    refusal = await holding.release(house, hold, bearer(request))
    return problem(request, refusal) if refusal else Response(None, status_code=204)


handlers = [hold, extend, release]
