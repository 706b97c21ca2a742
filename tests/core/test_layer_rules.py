"""What a layer may not say: it is judged with the office that it would make."""

import msgspec

from queue_service.demo.presets import preset
from queue_service.model.ids import ActorId
from queue_service.offices import Layer, Origin, layers_of, resolve
from queue_service.offices.layer_rules import layer_faults
from tests import make
from tests.make import MINUTE, NOW

YEAR = 365 * 24 * 60 * MINUTE


def test_skills_are_the_configurations_to_change_as_limits_are_made_of_them() -> None:
    office = make.office()
    counter = next(each for each in office.counters if len(each.skills) > 1)

    def faults(change: dict[str, object]) -> list[str]:
        text = msgspec.json.encode(change).decode()
        layer = Layer(f"counter:{counter.key}", text, NOW, None, ActorId(7), "ill", Origin.MANAGER)
        found = layer_faults([layer], layers_of(office, NOW), office, NOW)
        return [fault.key for fault in found if "skills" in fault.key]

    assert faults({"skills": counter.skills[1:]}) == [f"counters.{counter.key}.skills"]
    assert faults({"skills": list(reversed(counter.skills))}) == []
    assert faults({"name": {"de": "Schalter am Fenster"}}) == []


def test_the_last_day_of_an_exemption_ends_no_managers_work() -> None:
    written = preset("heidelberg")
    now = NOW + YEAR
    in_force = layers_of(written, NOW)
    office = resolve(in_force, now)
    assert office != written, "the preset has a rule with an end"
    text = '{"add":[{"first":"2027-12-01","last":"2027-12-01","reason":{"de":"Wasser"}}]}'
    closure = Layer("closures", text, now, None, ActorId(7), "water", Origin.MANAGER)
    assert layer_faults([closure], in_force, office, now) == ()
