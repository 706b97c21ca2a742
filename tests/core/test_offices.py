"""Configuration: what is sound is read, from whatever folder and editor."""

from pathlib import Path

import pytest

from queue_service.language import LANGUAGES
from queue_service.model.office import Office, Period, Taker
from queue_service.offices import folders, read
from tests.core.musterstadt import CONFIG, MAIN, sound_office, texts


def test_a_sound_configuration_has_no_fault_and_keeps_counters_in_the_order_people_count() -> None:
    office = sound_office()
    assert [counter.key for counter in office.counters] == ["2", "10"]
    assert [service.code for service in office.services] == ["EMER", "PICK"]
    assert office.hours[0].weekdays == (0, 1)


@pytest.mark.parametrize("slug", ["heidelberg", "stuttgart"])
def test_the_presets_are_clean_and_speak_all_their_languages(slug: str) -> None:
    office = read(CONFIG / slug)
    assert isinstance(office, Office), [fault.line() for fault in office]
    # German stands in for Easy German where a name needs no easier words.
    spoken = set(office.languages) - {"de_simple"}
    assert set(office.languages) == set(LANGUAGES)
    named = [office.name, *(service.name for service in office.services)]
    named += [each.name for each in office.counters] + [each.name for each in office.limits]
    brought = [text for service in office.services for text in service.bring]
    fees = [fee.condition for service in office.services for fee in service.fees if fee.condition]
    reasons = [closure.reason for closure in office.closures]
    assert all(set(text) - {"de_simple"} == spoken for text in (*named, *brought, *fees, *reasons))
    assert all("de_simple" in text for text in brought)


@pytest.mark.parametrize("slug", ["heidelberg", "stuttgart"])
def test_the_presets_never_promise_more_desks_than_there_are(slug: str) -> None:
    office = read(CONFIG / slug)
    assert isinstance(office, Office)
    desks = (each for each in office.limits if each.taker is Taker.BOOKING)
    for limit in (each for each in desks if each.period is Period.TICK):
        able = [c for c in office.counters if set(c.skills) & set(limit.services)]
        assert limit.capacity < len(office.counters)
        assert limit.capacity <= len(able), limit.key
    emergency = next(limit for limit in office.limits if limit.key == "emergency_walk_in")
    assert emergency.capacity >= 21, "doubled demand, 99 % of days (domain handbook)"


def test_folders_are_found_from_above_and_from_inside() -> None:
    assert [found.name for found in folders(CONFIG)] == ["heidelberg", "stuttgart"]
    assert folders(CONFIG / "stuttgart") == (CONFIG / "stuttgart",)


def test_unreadable_folders_and_files_are_faults(tmp_path: Path) -> None:
    found = read(tmp_path / "nowhere")
    assert isinstance(found, tuple)
    assert "missing" in found[0].reason
    (tmp_path / "office.toml").write_bytes(b'slug = "\xff"')
    (tmp_path / "a-folder.toml").mkdir()
    found = read(tmp_path)
    assert isinstance(found, tuple)
    assert [(Path(f.file).name, f.key) for f in found] == [("a-folder.toml", ""), (MAIN, "byte 8")]
    assert found[1].reason == "the file is not UTF-8"


def test_a_file_from_an_editor_on_windows_is_read(tmp_path: Path) -> None:
    for file, text in texts().items():
        (tmp_path / file).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read(tmp_path) == sound_office()
