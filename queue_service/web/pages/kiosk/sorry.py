"""Why a kiosk said no, with what it found: the day of an appointment, or when numbers are given.

The address names the code alone: it stays in the browser's history, where the next visitor must
find nothing. What belongs to this visitor lies in a cookie that lasts as long as their number's.
"""

import base64
import binascii

import msgspec
from litestar.datastructures import Cookie

from queue_service.language import sentence
from queue_service.language.refusals import Sentence
from queue_service.model.refusal import Code, Refusal
from queue_service.web.pages import Asked

COOKIE = "queue_sorry"
_MOST = 1_000
"""Signs; whatever a refusal of a kiosk says is far shorter."""


def kept(refusal: Refusal, *, seconds: int, secure: bool) -> Cookie:
    """The refusal for the page that says it."""
    value = base64.urlsafe_b64encode(msgspec.json.encode(refusal)).decode()
    return Cookie(
        key=COOKIE,
        value=value if len(value) <= _MOST else "",
        path="/",
        max_age=seconds,
        httponly=True,
        secure=secure,
        samesite="strict",
    )


def said(request: Asked, lang: str) -> Sentence | None:
    """The refusal that this page's address names, with what was kept of it; None where none is."""
    code = request.query_params.get("sorry", "")
    if code not in set(Code):
        return None
    found = _read(request.cookies.get(COOKIE, ""))
    return sentence(found if found and found.code == code else Refusal(Code(code)), lang)


def _read(value: str) -> Refusal | None:
    try:
        plain = base64.urlsafe_b64decode(value[:_MOST])
        return msgspec.json.decode(plain, type=Refusal)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
