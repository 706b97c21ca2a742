"""Layers of an office: what holds when, and what loading would change."""

import random
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.model.ids import ActorId
from queue_service.model.office import Office, Service
from queue_service.offices import (
    Layer,
    Origin,
    differences,
    layers_of,
    next_change,
    resolve,
)
from tests.core.musterstadt import AT, sound_office

HOUR = timedelta(hours=1)


def test_an_office_survives_being_cut_into_layers() -> None:
    office = sound_office()
    layers = layers_of(office, AT)
    subjects = {layer.subject for layer in layers}
    assert subjects >= {"office", "service:PICK", "counter:10", "limit:pickup"}
    assert subjects >= {"hours", "closures", "rules"}
    assert resolve(layers, AT) == office


def test_before_anything_is_loaded_there_is_no_office() -> None:
    with pytest.raises(LookupError):
        resolve(layers_of(sound_office(), AT), AT - HOUR)


def test_of_two_configurations_the_later_one_holds_from_its_time_on() -> None:
    first = sound_office()
    then = changed(first, "PICK", minutes_first=9)
    both = layers_of(first, AT) + layers_of(then, AT + HOUR)
    assert resolve(both, AT) == first
    assert resolve(both, AT + HOUR) == then


def test_a_managers_word_stands_above_configuration_until_it_ends() -> None:
    office = sound_office()
    word = manager("service:PICK", '{"bookable": false, "not_needed": {"de": "Ohne Termin"}}')
    reloaded = layers_of(office, AT + HOUR / 2)
    inside = resolve((word, *layers_of(office, AT), *reloaded), AT + HOUR / 2).service("PICK")
    assert inside is not None
    assert (inside.bookable, inside.not_needed["de"]) == (False, "Ohne Termin")
    assert inside.minutes_first == 7
    assert resolve((word, *layers_of(office, AT)), AT + HOUR) == office


def test_a_patch_reaches_into_the_rules_and_leaves_the_others() -> None:
    word = manager("rules", '{"booking": {"window_days": 3}}')
    office = resolve((word, *layers_of(sound_office(), AT)), AT)
    assert (office.booking.window_days, office.booking.grid_minutes) == (3, 10)


def test_a_patch_of_a_service_that_is_gone_changes_nothing() -> None:
    office = sound_office()
    word = manager("service:GONE", '{"bookable": false}')
    assert resolve((word, *layers_of(office, AT)), AT) == office


@given(st.permutations(range(6)), st.integers(0, 3))
def test_the_order_of_layers_changes_nothing(order: list[int], minutes: int) -> None:
    office = sound_office()
    words = (
        manager("rules", '{"booking": {"window_days": 3}}'),
        manager("rules", '{"booking": {"window_days": 5}}'),
        manager("rules", '{"booking": {"lead_minutes": 5}}', since=AT + timedelta(minutes=1)),
        manager("service:PICK", '{"walk_in": false}', since=AT + timedelta(minutes=2)),
        manager("service:PICK", '{"walk_in": true}', since=AT + timedelta(minutes=3)),
        manager("hours", "[]"),
    )
    at, config = AT + timedelta(minutes=minutes), layers_of(office, AT)
    mixed = [*reversed(config), *(words[n] for n in order)]
    random.Random(minutes).shuffle(mixed)
    assert resolve(mixed, at) == resolve((*config, *words), at)


def test_loading_the_same_office_again_changes_nothing() -> None:
    office = sound_office()
    assert not differences(layers_of(office, AT), office, AT + HOUR)
    assert differences(layers_of(office, AT), office, AT + HOUR).lines() == ()


def test_a_preview_says_what_is_added_changed_and_ended() -> None:
    office = sound_office()
    then = msgspec.structs.replace(
        changed(office, "PICK", minutes_first=9, name={"de": "Ausgabe", "en": "Pickup"}),
        counters=(*office.counters[1:], msgspec.structs.replace(office.counters[0], key="3")),
    )
    preview = differences(layers_of(office, AT), then, AT + HOUR)
    assert preview
    assert preview.lines() == (
        "+ counter:3",
        '~ service:PICK name.de: "Abholung" → "Ausgabe"',
        "~ service:PICK minutes_first: 7 → 9",
        "- counter:2",
    )
    assert {layer.since for layer in preview.add} == {AT + HOUR}


def test_a_load_done_leads_to_the_wanted_office_and_leaves_the_managers_layers() -> None:
    office, then = sound_office(), changed(sound_office(), "PICK", minutes_first=9)
    word = manager("rules", '{"booking": {"window_days": 3}}', until=None)
    have = (*layers_of(office, AT), word)
    loaded = loaded_into(have, then, AT + HOUR)
    assert word in loaded
    assert resolve([layer for layer in loaded if layer != word], AT + HOUR) == then
    assert not differences(loaded, then, AT + 2 * HOUR)


def test_a_stored_layer_without_a_field_of_today_is_no_difference() -> None:
    office = sound_office()
    layers = [
        msgspec.structs.replace(layer, change=layer.change.replace(',"order":100', ""))
        for layer in layers_of(office, AT)
    ]
    assert any('"order"' not in layer.change for layer in layers if layer.subject == "service:PICK")
    assert not differences(layers, office, AT)


def test_a_stored_layer_nobody_can_read_any_more_is_replaced() -> None:
    office = sound_office()
    old = '{"an old form": 1}'
    layers = [
        msgspec.structs.replace(layer, change=old) if layer.subject == "counter:2" else layer
        for layer in layers_of(office, AT)
    ]
    assert [each.new.subject for each in differences(layers, office, AT).replace] == ["counter:2"]


def test_the_next_change_is_the_next_begin_or_end() -> None:
    soon = manager("rules", "{}", since=AT, until=AT + HOUR)
    layers = (soon, manager("rules", "{}", since=AT + 3 * HOUR))
    assert next_change(layers, AT) == AT + HOUR
    assert next_change(layers, AT + HOUR) == AT + 3 * HOUR
    assert next_change((), AT) is None


def changed(office: Office, code: str, **fields: object) -> Office:
    """The office with fields of one service replaced."""

    def each(service: Service) -> Service:
        return msgspec.structs.replace(service, **fields) if service.code == code else service

    return msgspec.structs.replace(office, services=tuple(map(each, office.services)))


def manager(
    subject: str, change: str, since: datetime = AT, until: datetime | None = AT + HOUR
) -> Layer:
    """A layer by a manager."""
    return Layer(subject, change, since, until, ActorId(7), "peak", Origin.MANAGER)


def loaded_into(have: tuple[Layer, ...], wanted: Office, at: datetime) -> list[Layer]:
    """What the store holds after the preview was carried out."""
    preview = differences(have, wanted, at)
    ended = {*preview.end, *(each.old for each in preview.replace)}
    kept = [msgspec.structs.replace(layer, until=at) if layer in ended else layer for layer in have]
    return [*kept, *preview.add, *(each.new for each in preview.replace)]
