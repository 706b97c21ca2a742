"""What the lobby screen says besides numbers: German first, the same sentence in each language."""

from collections.abc import Callable

import msgspec

from queue_service.floor.line import Range
from queue_service.language import LANGUAGES, catalogue, direction, mark, pick, span, tag
from queue_service.model.ids import ServiceCode
from queue_service.model.office import Office, Service

IDLE = mark("Please take a seat. Your number will appear here.")
INSTRUCTIONS = (
    mark("Please watch for your number."),
    mark("Then go to the counter beside it."),
    mark("Questions? Ask at the entrance."),
)
"""Short: each must fit into one line that is read from the last row."""
WATCH_STAFF = mark("The screen is not up to date. Please watch the staff.")

MOST_WAITS = 5
"""Services whose wait is told: a line of the footer stands for eight seconds."""

_JOINED = "\u2060–\u2060"


class WaitLine(msgspec.Struct, frozen=True):
    """A line of the footer as the screen puts it up."""

    lang: str
    dir: str
    text: str


class BoardWaits(msgspec.Struct, frozen=True):
    """Every line in the order in which they stand."""

    lines: list[WaitLine]


def in_all(sentence: str, languages: tuple[str, ...]) -> list[tuple[str, str]]:
    """`sentence` in each of `languages` that has a catalogue, as (language, text)."""
    spoken = [code for code in languages if code in LANGUAGES] or [LANGUAGES[0]]
    texts: dict[str, str] = {}
    for code in spoken:  # Easy German is often German: nobody waits for the same sentence twice
        texts.setdefault(catalogue(code)(sentence), code)
    return [(code, text) for text, code in texts.items()]


def instructions(languages: tuple[str, ...]) -> list[tuple[str, str]]:
    """The instructions of the footer in the order they are shown: one sentence, one language."""
    return [pair for sentence in INSTRUCTIONS for pair in in_all(sentence, languages)]


def longest() -> int:
    """Characters of the longest instruction in any language: the footer's type is made to fit."""
    return max(len(text) for _, text in instructions(LANGUAGES))


def _order(service: Service) -> int:
    return service.order


def waits(office: Office, door: Callable[[ServiceCode], Range | None]) -> list[WaitLine]:
    """How long one waits for each service now, as far as `door` knows: one service, one language.

    Emergencies never wait their turn and are not told; nor is a name that the line cannot hold.
    """
    offered = sorted((s for s in office.services if s.walk_in and not s.emergency), key=_order)
    known = [(s, wait) for s in offered if (wait := door(s.code)) is not None][:MOST_WAITS]
    lines = [
        WaitLine(
            tag(code), direction(code), t("{service}: {minutes} wait", service=name, minutes=said)
        )
        for service, wait in known
        for code, t in ((code, catalogue(code)) for code in office.languages if code in LANGUAGES)
        for name, named in (pick(service.short or service.name, code),)
        for said in (t("{n} min", n=_whole(span(wait.from_minutes, wait.to_minutes, code))),)
        if named == code
    ]
    most = longest()
    return [line for line in lines if len(line.text.replace(_JOINED, "–")) <= most]


def _whole(span: str) -> str:
    """A range that no end of a line tears apart."""
    return span.replace("–", _JOINED)
