"""What the tests of freed places share."""

from datetime import timedelta
from itertools import count

from queue_service.model.office import BookingRules
from queue_service.model.release import Release
from queue_service.slots.release import Rest
from tests import make
from tests.make import BERLIN

RELEASE = Release(rest_minutes=(5, 90), hold_rest_minutes=(1, 10))
RULES = BookingRules(window_days=3, lead_minutes=0, release=RELEASE)
FIRST = make.at("2026-11-24 10:00")
"""Tomorrow: a rest of 90 minutes has room."""
_chances = count(1)


def how(rules: BookingRules = RULES) -> Rest:
    chance = next(_chances).to_bytes(32, "big")
    return Rest(rules.release, timedelta(minutes=rules.lead_minutes), BERLIN, chance)
