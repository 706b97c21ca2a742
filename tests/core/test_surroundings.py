"""Around both cities: every address goes to its authority, and no place is ever guessed."""

import csv

import pytest

from queue_service.kiosk.triage import Answers, Tree, keys_in, undecided, walk
from queue_service.model.refusal import Code
from queue_service.model.triage import End, Outcome, Question
from queue_service.offices.jurisdiction import gate, referral, same_authority
from tests.presets import CITIES, ROOT, preset

# An oracle of its own: the table of municipalities and the large district towns by name.
LARGE_TOWNS = {
    "08115": {"08115003", "08115021", "08115028", "08115045"},
    "08116": {"08116019", "08116033", "08116049", "08116077", "08116078", "08116080"},
    "08117": {"08117019", "08117024", "08117026"},
    "08118": {"08118011", "08118046", "08118048", "08118073", "08118079", "08118081"},
    "08119": {"08119008", "08119020", "08119067", "08119079", "08119085", "08119091"},
    "08226": {"08226032", "08226041", "08226084", "08226085", "08226096", "08226098"},
    "08222": {"08222000"},
    "06431": set(),
}
OFFICES_OF_DISTRICTS = {
    "08115": "Landratsamt Böblingen",
    "08116": "Landratsamt Esslingen",
    "08117": "Landratsamt Göppingen",
    "08118": "Landratsamt Ludwigsburg",
    "08119": "Landratsamt Rems-Murr-Kreis",
    "08226": "Landratsamt Rhein-Neckar-Kreis",
    "06431": "Kreis Bergstraße",
}
AROUND = {
    "heidelberg": ("08226", "08222", "06431"),
    "stuttgart": ("08115", "08116", "08117", "08118", "08119"),
}


def rows() -> list[dict[str, str]]:
    table = ROOT / "queue_service/offices/municipalities.csv"
    with table.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def expected(own: str, row: dict[str, str]) -> str:
    """Who is responsible there, by the rule of the states: "" is this office itself."""
    if row["ags"] == own:
        return ""
    district = row["ags"][:5]
    if row["ags"] in LARGE_TOWNS[district]:
        return row["municipality"].split(",")[0]
    return OFFICES_OF_DISTRICTS[district]


def addresses(slug: str) -> list[dict[str, str]]:
    """Every postcode of every municipality in and around a city."""
    own = preset(slug).ags
    return [row for row in rows() if row["ags"][:5] in AROUND[slug] or row["ags"] == own]


@pytest.mark.parametrize("slug", CITIES)
def test_no_address_around_the_city_is_sent_to_the_wrong_authority(slug: str) -> None:
    made = preset(slug)
    tree, by_code = Tree.of(made), {}
    for row in rows():
        by_code.setdefault(row["postcode"], []).append(row["ags"])
    sample, asked = addresses(slug), 0
    for row in sample:
        keys = tuple(by_code[row["postcode"]])
        given: Answers = ("other", "-".join(keys))
        at = walk(tree, given)
        outcome = isinstance(at, Outcome) and same_authority(made, keys)
        if undecided(tree, given) or (isinstance(at, Outcome) and not outcome):
            asked += 1
            given = ("other", row["ags"])
            at = walk(tree, given)
        said = expected(made.ags, row)
        if not said:
            assert isinstance(at, Question), row
            continue
        assert isinstance(at, Outcome), row
        assert at.kind is End.ELSEWHERE
        known = referral(made, keys_in(given[-1])[0])
        assert known is not None, row
        assert said in known.name["de"], (row, known.name)
    assert len(sample) > 100
    assert asked > 5, "hardly an address lies under an ambiguous postcode"


@pytest.mark.parametrize("slug", CITIES)
def test_an_ambiguous_postcode_is_never_guessed(slug: str) -> None:
    made = preset(slug)
    by_code: dict[str, list[dict[str, str]]] = {}
    for row in rows():
        by_code.setdefault(row["postcode"], []).append(row)
    ambiguous = [
        (code, found)
        for code, found in by_code.items()
        if any(r["ags"][:5] in AROUND[slug] for r in found)
        and all(r["ags"][:5] in AROUND[slug] or r["ags"] == made.ags for r in found)
        and len({expected(made.ags, r) for r in found}) > 1
    ]
    assert ambiguous
    for code, found in ambiguous:
        refusal = gate(made, postcode=code)
        assert refusal is not None
        assert refusal.code is Code.WHICH_MUNICIPALITY, code
        keys = tuple(r["ags"] for r in found)
        given = ("other", "-".join(keys))
        assert undecided(Tree.of(made), given) or not same_authority(made, keys)
