"""Faults of the table ``[waiting]`` name the key, the value and what would be right."""

import msgspec
import pytest

from queue_service.demo import presets
from queue_service.model.waiting import Fill, WaitingRules
from queue_service.offices.rules_of_waiting import waiting_faults
from tests import make


@pytest.mark.parametrize(
    ("rules", "key", "value", "reason"),
    [
        (WaitingRules(share_percent=0), "waiting.share_percent", 0, "must be 1 to 50"),
        (WaitingRules(share_percent=60), "waiting.share_percent", 60, "must be 1 to 50"),
        (WaitingRules(least_minutes=0), "waiting.least_minutes", 0, "must be 1 to most_minutes"),
        (WaitingRules(least_minutes=9, most_minutes=8), "waiting.least_minutes", 9, "minutes 8"),
        (WaitingRules(fill_minutes=-1), "waiting.fill_minutes", -1, "must be 0 to"),
        (WaitingRules(lapses_most=0), "waiting.lapses_most", 0, "at least 1"),
        (WaitingRules(fill=(Fill("X", 5),)), "waiting.fill[1].service", "X", "no service"),
        (WaitingRules(fill=(Fill("PICK", -5),)), "waiting.fill[1].minutes", -5, "must be 0 to"),
    ],
)
def test_a_fault_names_key_value_and_reason(
    rules: WaitingRules, key: str, value: object, reason: str
) -> None:
    [found] = waiting_faults(msgspec.structs.replace(make.office(), waiting=rules))
    assert (found.key, found.value) == (key, value)
    assert reason in found.reason


@pytest.mark.parametrize("slug", ["heidelberg", "stuttgart"])
def test_the_presets_fill_pickup_to_ten_minutes_and_interviews_to_a_day(slug: str) -> None:
    rules = presets.preset(slug).waiting
    assert rules.open
    assert {each.service: each.minutes for each in rules.fill} == {"PICK": 10, "APPL": 1_440}
