"""Names for the things that are counted; public ids that must be routed are ``office.local``."""

from typing import NewType
from uuid import UUID

AuthorityId = NewType("AuthorityId", int)
OfficeId = NewType("OfficeId", int)
LimitId = NewType("LimitId", int)
"""Number of a limit, unique within the authority; its key in the configuration never changes."""
BookingId = NewType("BookingId", UUID)
VisitId = NewType("VisitId", UUID)
WishId = NewType("WishId", UUID)
ServiceCode = NewType("ServiceCode", str)
CounterKey = NewType("CounterKey", str)
ActorId = NewType("ActorId", int)
"""Who did it: staff (> 0), a device (< -100) or one of the constants below; never a name."""
Tick = NewType("Tick", int)
"""Periods of five minutes since 1970-01-01T00:00Z."""

TICK_SECONDS = 300

APPLICANT = ActorId(0)
SYSTEM = ActorId(-1)
CONFIGURATION = ActorId(-2)


def address(office: str, local: object) -> str:
    """The public id of something in an office: ``heidelberg.5``; the office routes the request."""
    return f"{office}.{local}"


def split_address(public: str) -> tuple[str, str]:
    """Office and local part of a public id; ``("", "")`` when it is none."""
    office, dot, local = public.partition(".")
    return (office, local) if dot and office and local else ("", "")
