"""What managers read of layers that no manager typed: a sentence for each, in every language."""

from datetime import timedelta

import msgspec
import pytest

from queue_service.events.booking import Why
from queue_service.flows.capacity.overview import LayerShown, Standing
from queue_service.language import LANGUAGES
from queue_service.model.layer import Layer, Origin
from queue_service.web.pages.console.capacity_words import layer_line
from queue_service.web.pages.console.layer_words import ORIGINS, WHYS
from tests.core.musterstadt import AT, sound_office

OFFICE = sound_office()
SURGE = "surge pickup_full 12/1"
DEMAND = "demand over supply 1.23"
SAID: list[tuple[Origin, str, dict[str, object], str, str, str]] = [
    (Origin.RELEASE, "service:PICK", {"first_come": False}, DEMAND, "fewer days ahead", "1.2"),
    (Origin.RELEASE, "service:PICK", {"first_come": True}, DEMAND, "all days again", "1.2"),
    (
        Origin.RELEASE,
        "rules",
        {"booking": {"release": {"moved_on": "2026-12-03"}}},
        "the horizon moves on at a secret moment",
        "next day can be booked",
        "nobody can foresee",
    ),
    (Origin.SURGE, "service:PICK", {"window_days": 3}, SURGE, "3 days", "pickup_full"),
    (Origin.SURGE, "rules", {"booking": {"window_days": 3}}, SURGE, "3 days", "pickup_full"),
    (Origin.SURGE, "rules", {"waiting": {"open": True}}, SURGE, "list opens", "pickup_full"),
    (Origin.SURGE, "limit:pickup", {"reserve": {"keep": 2}}, SURGE, "2 kept", "pickup_full"),
    (Origin.SURGE, "relief", {"stops": {"add": []}}, SURGE, "No numbers", "pickup_full"),
    (Origin.SURGE, "relief", {"called": {"add": []}}, SURGE, "More people", "pickup_full"),
    (Origin.MANAGER, "staff", {"present": 4}, "two are ill", "number of staff", "two are ill"),
    (Origin.DISRUPTION, "hours", {}, Why.TECHNICAL, "Weekly hours", "Technical reasons"),
]


@pytest.mark.parametrize(("origin", "subject", "change", "reason", "what", "why"), SAID)
def test_a_layer_says_what_it_sets_and_why(
    origin: Origin, subject: str, change: dict[str, object], reason: str, what: str, why: str
) -> None:
    text = msgspec.json.encode(change).decode()
    layer = Layer(subject, text, AT, AT + timedelta(days=1), reason=reason, origin=origin)
    shown = LayerShown(layer, Standing.IN_FORCE, None)
    line = layer_line(shown, OFFICE, "en")
    assert what in line.what
    assert why in line.reason
    typed = line.reason in (reason, "pickup_full")
    for language in set(LANGUAGES) - {"en"}:
        other = layer_line(shown, OFFICE, language)
        assert other.what != line.what, language
        assert (other.reason != line.reason) != typed, language


def test_every_origin_and_every_cause_has_its_word() -> None:
    assert set(ORIGINS) == set(Origin)
    assert set(WHYS) == set(Why)
