"""Configuration: every fault at once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.language import LANGUAGES
from queue_service.model.office import Office, Period, Taker
from queue_service.offices import (
    Fault,
    check,
    folders,
    read,
)

CONFIG = Path(__file__).parents[2] / "config"
AT = datetime(2026, 11, 23, 7, tzinfo=UTC)

OFFICE = """\
slug = "musterstadt"
authority = "musterstadt"
zone = "Europe/Berlin"
land = "BW"
ags = "08111000"
languages = ["de", "en"]
name = { de = "Amt", en = "Office" }
place = { street = "Weg 1", postcode = "70173", town = "Stuttgart" }

[booking]
grid_minutes = 10

[line]
emergency_minutes = 15

[tickets]
letters = "ABCF"

[[counters]]
key = "2"
name = { de = "Schalter 2" }
skills = ["PICK", "EMER"]

[[counters]]
key = "10"
name = { de = "Schalter 10" }
skills = ["PICK"]

[[limits]]
key = "pickup"
name = { de = "Ausgabe" }
capacity = 3
services = ["PICK"]

[[limits]]
key = "walk_in"
name = { de = "Ohne Termin" }
capacity = 60
services = ["PICK", "EMER"]
period = "half_day"
taker = "walk_in"

[[hours]]
weekdays = ["mon", "tue"]
opens = 08:00:00
closes = 12:00:00

[[hours]]
weekdays = ["mon"]
opens = 13:00:00
closes = 16:00:00

[[closures]]
first = 2026-12-24
last = 2026-12-31
reason = { de = "Feiertage" }
"""

SERVICES = """\
[[services]]
code = "PICK"
name = { de = "Abholung", en = "Pickup" }
group = "pickup"
minutes_first = 7
minutes_next = 3
fees = [{ cents = 1300, law = "§ 47", valid_from = 2017-09-01, valid_to = 2027-01-01 }]

[[services]]
code = "EMER"
name = { de = "Notfall" }
group = "emergency"
minutes_first = 20
minutes_next = 10
emergency = true
bookable = false
required = ["name", "birth_date"]
"""


def texts(old: str = "", new: str = "") -> dict[str, str]:
    """The files of a sound small office with `old` replaced by `new`, wherever it stands."""
    sound = {"office.toml": OFFICE, "services.toml": SERVICES}
    assert any(old in text for text in sound.values())
    return {file: text.replace(old, new, 1) for file, text in sound.items()} if old else sound


def sound_office() -> Office:
    office = check(texts())
    assert isinstance(office, Office)
    return office


def faults(*changes: tuple[str, str]) -> tuple[Fault, ...]:
    """The faults of the small office after each (old, new)."""
    files = texts()
    for old, new in changes:
        assert any(old in text for text in files.values()), old
        files = {file: text.replace(old, new, 1) for file, text in files.items()}
    found = check(files)
    return () if isinstance(found, Office) else found


def test_a_sound_configuration_has_no_fault_and_keeps_counters_in_the_order_people_count() -> None:
    office = sound_office()
    assert [counter.key for counter in office.counters] == ["2", "10"]
    assert [service.code for service in office.services] == ["EMER", "PICK"]
    assert office.hours[0].weekdays == (0, 1)


MAIN, MORE = "office.toml", "services.toml"
EACH_KIND_OF_FAULT = [
    # old, new → file, key, value, part of the reason
    ('land = "BW"', "land = BW", MAIN, "line 4", "land = BW", "not valid TOML: Invalid value"),
    (
        'reason = { de = "Feiertage" }',
        'reason = "',
        MAIN,
        "line 56",
        'reason = "',
        "not valid TOML",
    ),
    ("group = ", "grup = ", MORE, "services.PICK.grup", '"pickup"', "do you mean group?"),
    ("group = ", "# ", MORE, "services.PICK.group", "", "is missing"),
    ('slug = "musterstadt"\n', "", MAIN, "slug", "", "is missing"),
    (
        "[tickets]",
        "[colours]\nred = 1\n[tickets]",
        MAIN,
        "colours",
        '{"red": 1}',
        "not a known key",
    ),
    (
        "minutes_first = 7",
        'minutes_first = "7"',
        MORE,
        "services.PICK.minutes_first",
        '"7"',
        "a whole",
    ),
    (
        "minutes_first = 7",
        "minutes_first = 7.5",
        MORE,
        "services.PICK.minutes_first",
        "7.5",
        "a whole",
    ),
    ("capacity = 3", "capacity = true", MAIN, "limits.pickup.capacity", "true", "a whole number"),
    ("emergency = true", "emergency = 1", MORE, "services.EMER.emergency", "1", "true or false"),
    ("closes = 12:00:00", 'closes = "noon"', MAIN, "hours[1].closes", '"noon"', "a time such as"),
    (
        "first = 2026-12-24",
        "first = 24",
        MAIN,
        "closures[1].first",
        "24",
        "a date such as 2026-12-24",
    ),
    (
        "valid_to = 2027-01-01",
        "valid_to = 1",
        MORE,
        "services.PICK.fees[1].valid_to",
        "1",
        "a date",
    ),
    ('"half_day"', '"noon"', MAIN, "limits.walk_in.period", '"noon"', "one of tick, half_day, day"),
    ('["mon", "tue"]', '["mo"]', MAIN, "hours[1].weekdays", '["mo"]', "a list of mon, tue, wed"),
    (
        'skills = ["PICK"]',
        'skills = "PICK"',
        MAIN,
        "counters.10.skills",
        '"PICK"',
        "must be a list",
    ),
    ('code = "PICK"', "code = 1", MORE, "services[1].code", "1", "text in quotes"),
    (
        'name = { de = "Notfall" }',
        'name = "Notfall"',
        MORE,
        "services.EMER.name",
        '"Notfall"',
        "table",
    ),
    ("[booking]\ngrid_minutes = 10", "booking = 1", MAIN, "booking", "1", "must be a table"),
    ('{ de = "Notfall" }', '{ en = "Urgent" }', MORE, "services.EMER.name.de", "", "needs German"),
    ('de = "Notfall"', 'de = " "', MORE, "services.EMER.name.de", '" "', "not empty"),
    (
        'en = "Pickup"',
        'eng = "Pickup"',
        MORE,
        "services.PICK.name.eng",
        '"Pickup"',
        "not a language of",
    ),
    ('slug = "muster', 'slug = "Muster', MAIN, "slug", '"Musterstadt"', "small letters"),
    ('authority = "m', 'authority = "1m', MAIN, "authority", '"1musterstadt"', "a letter first"),
    ("Europe/Berlin", "Europe/Stuttgart", MAIN, "zone", '"Europe/Stuttgart"', "no time zone"),
    ('land = "BW"', 'land = "XX"', MAIN, "land", '"XX"', "must be one of SH, HH"),
    ('"08111000"', '"8111000"', MAIN, "ags", '"8111000"', "must be 8 digits"),
    ('"08111000"', '"09162000"', MAIN, "ags", '"09162000"', "does not lie in BW"),
    ('["de", "en"]', '["en"]', MAIN, "languages", '["en"]', "must contain de"),
    ('["de", "en"]', '["de", "en", "en"]', MAIN, "languages", '"en"', "stands there 2 times"),
    ('["de", "en"]', '["de", "en", "E"]', MAIN, "languages", '"E"', "no language code"),
    ('"Weg 1"', '""', MAIN, "place.street", '""', "must not be empty"),
    ('"70173"', '"701"', MAIN, "place.postcode", '"701"', "5 digits"),
    ('code = "EMER"', 'code = "PICK"', MORE, "services.PICK.code", '"PICK"', "is used 2 times"),
    ('code = "EMER"', 'code = "emer"', MORE, "services.emer.code", '"emer"', "capitals and digits"),
    (
        "minutes_first = 7",
        "minutes_first = 0",
        MORE,
        "services.PICK.minutes_first",
        "0",
        "at least 1",
    ),
    (
        "minutes_next = 3",
        "minutes_next = -3",
        MORE,
        "services.PICK.minutes_next",
        "-3",
        "at least 0",
    ),
    (
        "minutes_next = 3",
        "minutes_next = 3\nmax_persons = 0",
        MORE,
        "services.PICK.max_persons",
        "0",
        "1",
    ),
    ('group = "pickup"', 'group = ""', MORE, "services.PICK.group", '""', "must be letters"),
    (
        '"birth_date"]',
        '"age"]',
        MORE,
        "services.EMER.required",
        '"age"',
        "must be one of name, email",
    ),
    ('["name", "birth_date"]', "[]", MORE, "services.EMER.required", "[]", "must contain name"),
    ("cents = 1300", "cents = -1", MORE, "services.PICK.fees[1].cents", "-1", "at least 0"),
    ('law = "§ 47"', 'law = ""', MORE, "services.PICK.fees[1].law", '""', "must name the law"),
    (
        "2027-01-01",
        "2017-08-31",
        MORE,
        "services.PICK.fees[1].valid_to",
        '"2017-08-31"',
        "before valid_from",
    ),
    ('group = "p', 'leika = ["99"]\ngroup = "p', MORE, "services.PICK.leika", '"99"', "14 digits"),
    ("bookable = false", "", MORE, "services.EMER.bookable", "true", "no limit with taker booking"),
    (
        '["PICK", "EMER"]\nperiod',
        '["PICK"]\nperiod',
        MORE,
        "services.EMER.walk_in",
        "true",
        "no limit with",
    ),
    (
        '"PICK", "EMER"]\n\n',
        '"PICK"]\n\n',
        MORE,
        "services.EMER.walk_in",
        "true",
        "no counter with this skill",
    ),
    ('key = "10"', 'key = "2"', MAIN, "counters.2.key", '"2"', "is used 2 times"),
    ('key = "10"', 'key = "a.b"', MAIN, "counters.a.b.key", '"a.b"', "letters, digits"),
    ('skills = ["PICK"]', "skills = []", MAIN, "counters.10.skills", "[]", "must not be empty"),
    (
        'skills = ["PICK"]',
        'skills = ["PICK", "PAY"]',
        MAIN,
        "counters.10.skills",
        '"PAY"',
        "no service",
    ),
    (
        'skills = ["PICK"]',
        'skills = ["PICK", "PICK"]',
        MAIN,
        "counters.10.skills",
        '"PICK"',
        "2 times",
    ),
    (
        'key = "pickup"',
        'key = "walk_in"',
        MAIN,
        "limits.walk_in.key",
        '"walk_in"',
        "is used 2 times",
    ),
    (
        "capacity = 3",
        'capacity = 3\ncounters = ["2", "11"]',
        MAIN,
        "limits.pickup.counters",
        '"11"',
        "is no counter of this office",
    ),
    (
        "capacity = 3",
        'capacity = 3\ncounters = ["2", "2"]',
        MAIN,
        "limits.pickup.counters",
        '"2"',
        "stands there 2 times",
    ),
    ('key = "pickup"', 'key = "a:b"', MAIN, "limits.a:b.key", '"a:b"', "letters, digits"),
    ("capacity = 3", "capacity = -3", MAIN, "limits.pickup.capacity", "-3", "at least 0"),
    (
        'services = ["PICK"]',
        'services = ["PICK", "PIK"]',
        MAIN,
        "limits.pickup.services",
        '"PIK"',
        "no service",
    ),
    (
        'services = ["PICK"]',
        "services = []",
        MAIN,
        "limits.pickup.services",
        "[]",
        "must not be empty",
    ),
    (
        'period = "half_day"',
        'period = "tick"',
        MAIN,
        "limits.walk_in.period",
        '"tick"',
        "no time of their own",
    ),
    (
        "closes = 12:00:00",
        "closes = 08:00:00",
        MAIN,
        "hours[1].closes",
        '"08:00:00"',
        "not after opens 08:00",
    ),
    (
        "closes = 12:00:00",
        "closes = 12:01:00",
        MAIN,
        "hours[1].closes",
        '"12:01:00"',
        "multiple of 5 minutes",
    ),
    (
        "opens = 13:00:00",
        "opens = 11:55:00",
        MAIN,
        "hours[2]",
        '"11:55–16:00"',
        "overlaps hours[1] on mon",
    ),
    ('["mon"]', '["mon", "mon"]', MAIN, "hours[2].weekdays", '["mon", "mon"]', "none twice"),
    (
        'weekdays = ["mon"]',
        'weekdays = ["mon"]\nvalid_from = 2027-01-02\nvalid_to = 2027-01-01',
        MAIN,
        "hours[2].valid_to",
        '"2027-01-01"',
        "before valid_from 2027-01-02",
    ),
    (
        'services = ["PICK"]',
        'services = ["PICK"]\nhours = [{weekdays=["sun"], opens=02:30:00, closes=05:00:00}]',
        MAIN,
        "limits.pickup.hours[1].opens",
        '"02:30:00"',
        "does not exist on 2024-03-31",
    ),
    (
        "last = 2026-12-31",
        "last = 2026-12-23",
        MAIN,
        "closures[1].last",
        '"2026-12-23"',
        "before 2026-12-24",
    ),
    ("grid_minutes = 10", "grid_minutes = 7", MAIN, "booking.grid_minutes", "7", "a multiple of 5"),
    ("grid_minutes = 10", "window_days = 0", MAIN, "booking.window_days", "0", "at least 1"),
    ("grid_minutes = 10", "hold_cap_minutes = 59", MAIN, "booking.hold_cap_minutes", "59", "WCAG"),
    (
        "emergency_minutes = 15",
        "emergency_minutes = 0",
        MAIN,
        "line.emergency_minutes",
        "0",
        "at least 1",
    ),
    (
        "emergency_minutes = 15",
        "emergency_minutes = 4",
        MAIN,
        "line.emergency_floor_minutes",
        "5",
        "exceed",
    ),
    ("emergency_minutes = 15", "hand_minutes = 0", MAIN, "line.hand_minutes", "0", "at least 1"),
    (
        'code = "PICK"',
        'code = "PICK"\nsteps = ["photo", "counter"]',
        MORE,
        "services.PICK.steps",
        '"photo"',
        "done by no counter that has PICK in its skills",
    ),
    (
        'code = "PICK"',
        'code = "PICK"\nsteps = []',
        MORE,
        "services.PICK.steps",
        "[]",
        "must not be empty",
    ),
    (
        'code = "PICK"',
        'code = "PICK"\nsteps = ["cashier"]',
        MORE,
        "services.PICK.steps[1]",
        '"cashier"',
        "one of counter, fingerprints, photo",
    ),
    (
        'skills = ["PICK"]',
        'skills = ["PICK"]\nsteps = []',
        MAIN,
        "counters.10.steps",
        "[]",
        "must not be empty",
    ),
    (
        'skills = ["PICK"]',
        'skills = ["PICK"]\nfallback = ["NONE"]',
        MAIN,
        "counters.10.fallback",
        '"NONE"',
        "is no service of this office",
    ),
    (
        'skills = ["PICK"]',
        'skills = ["PICK"]\nfallback = ["PICK"]',
        MAIN,
        "counters.10.fallback",
        '"PICK"',
        "among its skills already",
    ),
    (
        '"ABCF"',
        '"ABCF"\nprinters = [{ device = "kiosk-1", to = "lpt1" }]',
        MAIN,
        "tickets.printers[0].to",
        '"lpt1"',
        "network:HOST",
    ),
    (
        '"ABCF"',
        '"ABCF"\nprinters = [{ device = "kiosk-1", to = "network:hall:99999" }]',
        MAIN,
        "tickets.printers[0].to",
        '"network:hall:99999"',
        "network:HOST",
    ),
    (
        '"ABCF"',
        '"ABCF"\nprinters = [{ device = "kiosk-1", to = "file:../../etc" }]',
        MAIN,
        "tickets.printers[0].to",
        '"file:../../etc"',
        "file:NAME",
    ),
    (
        '"ABCF"',
        '"ABCF"\nprinters = [{ device = "Kiosk 1", to = "usb:0" }]',
        MAIN,
        "tickets.printers[0].device",
        '"Kiosk 1"',
        "small letters",
    ),
    (
        '"ABCF"',
        '"ABCF"\nprinters = [{ device = "a", to = "usb:0" }, { device = "a", to = "usb:1" }]',
        MAIN,
        "tickets.printers.device",
        '"a"',
        "has 2 printers",
    ),
    ('"ABCF"', '"ABCI"', MAIN, "tickets.letters", '"ABCI"', "without I and O"),
    ('"ABCF"', '"ABC"', MAIN, "tickets.letters", '"ABC"', "at least 4 different letters"),
    ('"ABCF"', '"ABCC"', MAIN, "tickets.letters", '"ABCC"', "none twice"),
]


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


def _without(table: str, text: str) -> str:
    blocks = text.split("\n\n")
    return "\n\n".join(block for block in blocks if not block.startswith(f"[[{table}]]"))
