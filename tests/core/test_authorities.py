"""The imported list of authorities: good rows are taken, bad ones named, nothing is lost."""

from pathlib import Path

import msgspec
import pytest

from queue_service import cli, offices
from queue_service.model.asking import Jurisdiction, Referral
from queue_service.model.office import Office
from queue_service.offices import authorities
from queue_service.offices.jurisdiction import referral
from tests import make

HEADER = "AGS,name,street,postcode,town,phone,web,hours\n"
DISTRICT = "08225,Landratsamt,Weg 1,74821,Mosbach,06261 1,https://kreis.example,Mo 8-12\n"
TOWN = "08225058,Stadt Mosbach,,,Mosbach,,,\n"
CONFIG = Path(__file__).parents[2] / "config"


def test_a_town_stands_above_its_district() -> None:
    read = authorities.read(HEADER + TOWN + DISTRICT)
    assert (read.rows, read.doubts) == (2, ())
    made = _with(authorities.merged((), read.by_key))
    assert _named(made, "08225058") == "Stadt Mosbach"
    assert _named(made, "08225001") == "Landratsamt"
    assert referral(made, "08221000") is None


def test_a_municipality_of_the_list_corrects_what_the_office_wrote_and_a_district_does_not() -> (
    None
):
    own = Referral(("08225058", "08225001"), {"de": "wie vermutet"})
    read = authorities.read(HEADER + TOWN + DISTRICT)
    made = _with(authorities.merged((), read.by_key), own)
    assert _named(made, "08225058") == "Stadt Mosbach"
    assert _named(made, "08225001") == "wie vermutet"


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("8225058,X,,,Y,,,\n", "AGS", "must be the 8 digits"),
        ("99999999,X,,,Y,,,\n", "AGS", "is not in the table"),
        ("08225058,,,,Y,,,\n", "name", "is missing"),
        ("08225058,X,,,,,,\n", "town", "is missing"),
        ("08225058,X,,748,Y,,,\n", "postcode", "must be 5 digits"),
        ("08225058,X,,,Y,,http://x.example,\n", "web", "must begin with https://"),
        (f"08225058,{'X' * 201},,,Y,,,\n", "name", "is longer than 200"),
        ("08225058,X,,,Y,,,,more\n", "row", "more values than the header"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_the_others_are_taken(
    row: str, column: str, reason: str
) -> None:
    read = authorities.read(HEADER + DISTRICT + row)
    assert set(read.by_key) == {"08225"}
    [doubt] = read.doubts
    assert (doubt.line, doubt.column) == (3, column)
    assert reason in doubt.reason
    assert doubt.said().startswith(f"line 3: {column}")


def test_a_key_that_stands_twice_counts_once() -> None:
    read = authorities.read(HEADER + TOWN + TOWN.replace("Stadt", "Dorf"))
    assert read.by_key["08225058"].name == {"de": "Stadt Mosbach"}
    assert "stands in line 2 already" in read.doubts[0].reason


def test_a_list_with_another_header_is_refused() -> None:
    read = authorities.read("key;who\n08225058;X\n")
    assert (read.by_key, read.doubts[0].line) == ({}, 1)


def test_an_import_keeps_what_was_accepted_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, file = tmp_path / "heidelberg", tmp_path / "list.csv"
    folder.mkdir()
    for source in (CONFIG / "heidelberg").glob("*.toml"):
        (folder / source.name).write_text(source.read_text("utf-8"), "utf-8")
    file.write_text(HEADER + DISTRICT + TOWN, "utf-8")
    assert cli.main(["import-authorities", str(file), str(folder)]) == 0
    file.write_text(HEADER + TOWN.replace("Stadt", "Rathaus") + "123,a,,,b,,,\n", "utf-8")
    assert cli.main(["import-authorities", str(file), str(folder)]) == 1
    assert "list.csv: line 3: AGS" in capsys.readouterr().err
    loaded = offices.read(folder)
    assert isinstance(loaded, Office), loaded
    assert _named(loaded, "08225058") == "Rathaus Mosbach"
    assert _named(loaded, "08225001") == "Landratsamt"
    assert not list(folder.glob("*.new"))


def _with(listed: tuple[Referral, ...], *own: Referral) -> Office:
    said = Jurisdiction(("08221000",), referrals=own)
    return msgspec.structs.replace(make.office(), jurisdiction=said, authorities=listed)


def _named(made: Office, ags: str) -> str:
    found = referral(made, ags)
    assert found is not None
    return found.name["de"]
