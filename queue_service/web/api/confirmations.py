"""For anyone who is shown a confirmation: the offices' public keys, and what one is worth."""

from base64 import urlsafe_b64encode
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from queue_service.flows.bookings import sealing
from queue_service.house import House
from queue_service.kiosk.signed import PublicKey
from queue_service.kiosk.ticket import code_in
from queue_service.model.refusal import Code, Refusal
from queue_service.web.cache import Cached, answer
from queue_service.web.problems import problem

_encode = msgspec.json.Encoder().encode


@get("/offices/{office:str}/keys", summary="Public keys of an office")
async def keys(
    request: Request[Any, Any, Any], house: House, office: FromPath[str]
) -> Response[Any]:
    """Ed25519 keys that check signed confirmations without a network, the next one included."""
    followed = house.follower.office(office)
    if followed is None:
        return problem(request, Refusal(Code.UNKNOWN_OFFICE, {"office": office[:80]}))
    published = sealing.public_keys(house.keys, followed.key.slug, followed.now())
    said = {
        "office": followed.key.slug,
        "name": followed.office.name,
        "zone": followed.office.zone,
        "algorithm": "Ed25519",
        "keys": [_key(key) for key in published],
    }
    return answer(request, Cached.of(_encode(said)))


def _key(key: PublicKey) -> dict[str, object]:
    return {
        "number": key.number,
        "public_key": urlsafe_b64encode(key.key).rstrip(b"=").decode(),
        "signs_from": key.signs_from,
        "signs_until": key.signs_until,
        "expires": key.expires,
    }


@get("/confirmations/{signed:str}", summary="Check a confirmation")
async def confirmation(
    request: Request[Any, Any, Any], house: House, signed: FromPath[str], office: str = ""
) -> Response[Any]:
    """Genuine, altered, used, cancelled or moved since, of another office, expired; no person."""
    if office and house.follower.office(office) is None:
        return problem(request, Refusal(Code.UNKNOWN_OFFICE, {"office": office[:80]}))
    checked = await sealing.check(house, code_in(signed[:400]), office)
    followed = house.follower.office(checked.office)
    start = checked.start.astimezone(followed.office.tz) if checked.start and followed else None
    said = {"verdict": checked.verdict, "office": checked.office or None, "start": start}
    return Response(
        _encode(said), media_type="application/json", headers={"cache-control": "no-store"}
    )


handlers = [keys, confirmation]
