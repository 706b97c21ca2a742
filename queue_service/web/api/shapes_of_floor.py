"""What requests of desks and guides may say, as `shapes`."""

from typing import Annotated, Literal

from msgspec import Meta

from queue_service.events.floor import CallReason
from queue_service.model.desk import DeskState
from queue_service.model.triage import Need
from queue_service.model.visit import Aid, NeedClass, Step
from queue_service.web.api.shapes import Body, Language


class CallBody(Body, frozen=True):
    """A number to be called out of turn."""

    number: Annotated[str, Meta(max_length=10)]
    reason: CallReason | None = None


class NumberBody(Body, frozen=True):
    """The number of somebody who stands at the counter."""

    number: Annotated[str, Meta(max_length=10)]


class DeskStateBody(Body, frozen=True):
    """What a counter does from now on."""

    state: DeskState


class ParkBody(Body, frozen=True):
    """Why somebody is sent away for a while."""

    reason: Literal["papers", "photo", "payment", "other"]


Sentence = Annotated[str, Meta(max_length=200)]


class ForwardBody(Body, frozen=True):
    """Where somebody goes: a counter by its key, a step, or both; with a sentence."""

    to: Annotated[str, Meta(max_length=41)] | None = None
    step: Step | None = None
    sentence: Sentence = ""


class AddBody(Body, frozen=True):
    """One more service in the same visit."""

    service: Annotated[str, Meta(max_length=40)]
    persons: Annotated[int, Meta(ge=1, le=50)] = 1


class HandBody(Body, frozen=True):
    """An emergency for a case worker by number, or for any who is free."""

    to: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    sentence: Sentence = ""


class AcceptBody(Body, frozen=True):
    """The counter at which a case worker takes an emergency."""

    counter: Annotated[str, Meta(max_length=90)]


class MarkBody(Body, frozen=True):
    """What a guide or clerk sees; what is left out stays as it is."""

    aids: Annotated[tuple[Aid, ...], Meta(max_length=5)] | None = None
    need: NeedClass | None = None
    urgency: Need | None = None
    """Need class of the emergency that it is."""
    language: Language | None = None
