"""What the tests of freed places share."""

from datetime import timedelta
from itertools import count

import msgspec

from queue_service.model.office import BookingRules, Office
from queue_service.model.release import Release
from queue_service.slots.release import Rest
from tests import make
from tests.make import BERLIN

RELEASE = Release(rest_minutes=(5, 90), hold_rest_minutes=(1, 10))
RULES = BookingRules(window_days=3, lead_minutes=0, release=RELEASE)
FIRST = make.at("2026-11-24 10:00")
"""Tomorrow: a rest of 90 minutes has room."""
RESTING = "state = 'resting'"
"""Which bookings rest."""
_chances = count(1)


def how(rules: BookingRules = RULES) -> Rest:
    chance = next(_chances).to_bytes(32, "big")
    return Rest(rules.release, timedelta(minutes=rules.lead_minutes), BERLIN, chance)


def releasing_office(desks: int = 1, hall: int = 4, **rules: object) -> Office:
    release = Release(**({"rest_minutes": (5, 90), "hold_rest_minutes": (1, 10)} | rules))  # type: ignore[arg-type]  # names of its fields
    office = make.office(desks=desks, hall=hall)
    # Layers are refused in an office that breaks rules: these two have no limit of walk-ins.
    services = tuple(
        msgspec.structs.replace(s, walk_in=s.code in ("PICK", "HELP")) for s in office.services
    )
    rules = msgspec.structs.replace(office.booking, release=release)
    return msgspec.structs.replace(office, services=services, booking=rules)
