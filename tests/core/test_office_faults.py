"""Configuration: every fault at once, by file, key, value and reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.model.office import Office
from queue_service.offices import Fault, check
from tests.core import faulty_office, faulty_services
from tests.core.musterstadt import MAIN, MORE, OFFICE, texts


def faults(*changes: tuple[str, str]) -> tuple[Fault, ...]:
    """The faults of the small office after each (old, new)."""
    files = texts()
    for old, new in changes:
        assert any(old in text for text in files.values()), old
        files = {file: text.replace(old, new, 1) for file, text in files.items()}
    found = check(files)
    return () if isinstance(found, Office) else found


EACH_KIND_OF_FAULT = [*faulty_office.KINDS, *faulty_services.KINDS]


@pytest.mark.parametrize(("old", "new", "file", "key", "value", "reason"), EACH_KIND_OF_FAULT)
def test_a_fault_names_file_key_value_and_reason(
    old: str, new: str, file: str, key: str, value: str, reason: str
) -> None:
    found = faults((old, new))
    named = [fault for fault in found if (fault.file, fault.key, fault.value) == (file, key, value)]
    assert any(reason in fault.reason for fault in named), [fault.line() for fault in found]


def test_one_mistake_is_one_fault() -> None:
    # Left out: a code that others still name, a limit that a service then lacks, a bound of two.
    echoing = {'code = "PICK"', 'code = "emer"', "services = []", "emergency_minutes = 0"}
    for old, new, *_ in EACH_KIND_OF_FAULT:
        found = [fault.line() for fault in faults((old, new))]
        assert len(found) == 1 or new in echoing, found


def test_all_faults_are_told_at_once() -> None:
    found = faults(
        ("minutes_first = 7", "minutes_first = -7"),
        ("minutes_first = 20", 'minutes_first = "20"'),
        ("opens = 13:00:00", "opens = 17:00:00"),
        ('land = "BW"', 'land = "XX"'),
        ('"70173"', '"701"'),
        ("town = ", "city = "),
        ('skills = ["PICK"]', 'skills = ["PAY"]'),
    )
    assert {fault.key for fault in found} == {
        "services.PICK.minutes_first",
        "services.EMER.minutes_first",
        "hours[2].closes",
        "land",
        "place.city",
        "place.town",
        "counters.10.skills",
    }


def test_what_can_be_read_is_judged_though_another_file_is_broken() -> None:
    found = faults(("group = ", "group "), ("capacity = 3", "capacity = -3"))
    assert [(fault.file, fault.key) for fault in found] == [
        (MAIN, "limits.pickup.capacity"),
        (MORE, "line 4"),
    ]


def test_a_key_stands_in_one_file_only() -> None:
    files = texts() | {"more.toml": 'zone = "Europe/Berlin"'}
    found = check(files)
    assert isinstance(found, tuple)
    said = (
        'office.toml: zone = "Europe/Berlin": stands in more.toml too: each key belongs in one file'
    )
    assert [str(fault) for fault in found] == [said]


def test_an_empty_folder_misses_everything() -> None:
    found = check({"office.toml": ""})
    assert isinstance(found, tuple)
    assert {fault.reason for fault in found} == {"is missing"}
    assert "slug" in {fault.key for fault in found}


@pytest.mark.parametrize("table", ["services", "counters", "hours"])
def test_an_office_without_services_counters_or_hours_is_told(table: str) -> None:
    files = {file: _without(table, text) for file, text in texts().items()}
    found = check(files | {MAIN: f"{table} = []\n{files[MAIN]}"})
    assert isinstance(found, tuple)
    assert any(f.key == table and "must not be empty" in f.reason for f in found)


def test_a_limit_of_a_missing_catalogue_is_no_second_fault() -> None:
    found = check({MAIN: OFFICE})
    assert isinstance(found, tuple)
    assert [fault.line() for fault in found] == ["office.toml: services: is missing"]


def test_windows_that_share_no_day_do_not_overlap() -> None:
    summer = 'weekdays = ["mon"]\nvalid_to = 2026-12-31\nopens = 11:00:00'
    winter = 'weekdays = ["mon", "tue"]\nvalid_from = 2027-01-01'
    was = 'weekdays = ["mon"]\nopens = 13:00:00'
    assert faults((was, summer), ('weekdays = ["mon", "tue"]', winter)) == ()


def test_a_window_over_the_clock_change_itself_is_no_fault() -> None:
    night = 'hours = [{ weekdays = ["sun"], opens = 01:00:00, closes = 04:00:00 }]'
    assert faults(('services = ["PICK"]', f'services = ["PICK"]\n{night}')) == ()


@pytest.mark.parametrize(
    "text", ["= 1", "[[services]]", 'services = [1, "x"]', "limits = {}", "\x00"]
)
def test_whatever_stands_in_a_file_is_answered_with_faults(text: str) -> None:
    found = check({MAIN: text})
    assert isinstance(found, tuple)
    assert all(fault.file and fault.reason for fault in found)


@given(st.sampled_from(sorted({old for old, *_ in EACH_KIND_OF_FAULT})), st.text(max_size=12))
def test_any_text_anywhere_is_an_office_or_faults(old: str, new: str) -> None:
    assert isinstance(check(texts(old, new)), Office | tuple)


def _without(table: str, text: str) -> str:
    blocks = text.split("\n\n")
    return "\n\n".join(block for block in blocks if not block.startswith(f"[[{table}]]"))


@pytest.mark.parametrize(
    ("given", "key", "reason"),
    [
        ("minutes_before = [10]", "reminders.minutes_before", "must be 30 to 43200"),
        ("minutes_before = [120, 1440]", "reminders.minutes_before", "the earliest first"),
        ("minutes_before = [400, 300, 200, 100]", "reminders.minutes_before", "at most 3"),
        ("texts = []", "reminders.texts", "must not be empty"),
        ('texts = ["plain", "plain"]', "reminders.texts", "each text once"),
        ('texts = ["nudge"]', "reminders.texts[1]", "nudge"),
    ],
)
def test_reminders_that_cannot_be_are_named(given: str, key: str, reason: str) -> None:
    [found] = faults(("[booking]", f"[reminders]\n{given}\n\n[booking]"))
    assert found.key == key
    assert reason in found.line()


def test_an_office_may_send_no_reminders() -> None:
    assert faults(("[booking]", "[reminders]\nminutes_before = []\n\n[booking]")) == ()
