"""Lays a letter's words out as text and HTML and adds calendar entry and picture."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from queue_service.language import tag
from queue_service.notify.letters.body import body
from queue_service.notify.letters.card import CardFacts, card_body
from queue_service.notify.letters.code import qr_link, qr_png, signed_link
from queue_service.notify.letters.event import Method, calendar
from queue_service.notify.letters.facts import Facts, Letter
from queue_service.notify.letters.waiting import ListFacts, list_body
from queue_service.notify.plan import ListPurpose, Purpose

_METHODS = {
    Purpose.CONFIRMATION: Method.REQUEST,
    Purpose.CHANGE: Method.REQUEST,
    Purpose.CANCELLATION: Method.CANCEL,
}
"""A booking that still has to be confirmed enters no calendar."""

_layouts = Environment(
    loader=PackageLoader("queue_service.notify.letters"),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_layouts.globals["tag"] = tag
_TEXT = _layouts.get_template("letter.txt")
_HTML = _layouts.get_template("letter.html")
_QR_CID = "code@letter"


def write(purpose: Purpose, facts: Facts, language: str) -> Letter:
    """The letter for `purpose` in `language` (German where there is no catalogue).

    The same facts give the same letter.
    """
    words = body(purpose, facts, language)
    method = _METHODS.get(purpose)
    return Letter(
        language=words.language,
        subject=words.subject,
        text=_TEXT.render(body=words),
        html=_HTML.render(body=words, picture=f"cid:{_QR_CID}" if words.code else ""),
        ics=calendar(facts, method, facts.sequence) if method else None,
        method=str(method or ""),
        qr=qr_png(_link(facts, words.code)) if words.code else None,
        qr_cid=_QR_CID,
    )


def write_to_list(purpose: ListPurpose, facts: ListFacts, language: str) -> Letter:
    """A letter of the waiting list; it enters no calendar and shows no code."""
    words = list_body(purpose, facts, language)
    return Letter(
        language=words.language,
        subject=words.subject,
        text=_TEXT.render(body=words),
        html=_HTML.render(body=words, picture=""),
    )


def write_of_card(facts: CardFacts, language: str) -> Letter:
    """The letter that a card is ready; it enters no calendar and shows no code."""
    words = card_body(facts, language)
    return Letter(
        language=words.language,
        subject=words.subject,
        text=_TEXT.render(body=words),
        html=_HTML.render(body=words, picture=""),
    )


def _link(facts: Facts, code: str) -> str:
    """Where the picture leads: to the signed confirmation, or the plain code without one."""
    if facts.sealed:
        return signed_link(facts.base_url, facts.sealed)
    return qr_link(facts.base_url, code)
