"""Offices that ask before they give an appointment."""

import msgspec

from queue_service.model.asking import (
    Jurisdiction,
    Referral,
)
from queue_service.model.office import Office
from tests import make

PICK, BIO, MAIL = make.PICK, make.BIO, make.MAIL


def office(code: str = "", **service: object) -> Office:
    """The small office, its service `code` changed."""
    made = make.office()
    services = tuple(
        msgspec.structs.replace(s, **service) if s.code == code else s for s in made.services
    )
    return msgspec.structs.replace(made, services=services)


def town(**more: object) -> Office:
    neighbour = Referral(("08222000",), {"de": "Mannheim"}, web="https://www.mannheim.de")
    said = Jurisdiction(("08221000",), referrals=(neighbour,))
    return msgspec.structs.replace(make.office(), jurisdiction=said, **more)
