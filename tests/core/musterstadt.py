"""The files of a sound small office, to be broken."""

from datetime import UTC, datetime
from pathlib import Path

from queue_service.model.office import Office
from queue_service.offices import check

CONFIG = Path(__file__).parents[2] / "config"
MAIN, MORE = "office.toml", "services.toml"
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
