"""Triage: the shipped trees are complete, broken ones are named, no place is ever guessed."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import pytest

from queue_service import offices
from queue_service.kiosk.triage import Answers, Tree, answer, begin, keys_in, undecided, walk
from queue_service.model.office import Office
from queue_service.model.refusal import Code
from queue_service.model.triage import PICTURES, End, Kind, Need, Outcome, Question
from queue_service.offices.jurisdiction import gate, referral, same_authority
from queue_service.offices.triage_rules import triage_faults

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
CITIES = ("heidelberg", "stuttgart")
MOST_STEPS = 7
"""Questions on a path; at four seconds each, reading included, that is below 45."""


@cache
def office(slug: str) -> Office:
    found = offices.read(CONFIG / slug)
    assert isinstance(found, Office), found
    return found


def ways(tree: Tree, given: Answers = ()) -> Iterator[tuple[Answers, Outcome]]:
    """Every path to its end; a place is answered by home and by a neighbour."""
    at = walk(tree, given)
    if isinstance(at, Outcome):
        yield given, at
        return
    assert isinstance(at, Question), given
    answers = [each.key for each in at.answers]
    if at.kind is Kind.PLACE:
        answers += [tree.own[0], "08222000"]
    for each in answers:
        yield from ways(tree, (*given, each))


class TestShippedTrees:
    @pytest.mark.parametrize("slug", CITIES)
    def test_every_path_ends_soon_and_in_every_way_there_is(self, slug: str) -> None:
        found = list(ways(Tree.of(office(slug))))
        assert {outcome.kind for _, outcome in found} == set(End)
        assert {o.key for _, o in found} >= {o.key for o in office(slug).triage.outcomes}
        assert max(len(given) for given, _ in found) <= MOST_STEPS
        assert {o.need for _, o in found} >= {Need.N0, Need.N1, Need.N2, Need.N3, Need.N4, Need.N5}

    @pytest.mark.parametrize("slug", CITIES)
    def test_the_most_pressing_go_to_the_staff_and_never_into_a_line(self, slug: str) -> None:
        for _, outcome in ways(Tree.of(office(slug))):
            if outcome.need is Need.N0:
                assert outcome.kind is End.GUIDE
            elif outcome.need is not None:
                service = office(slug).service(outcome.service or "")
                assert service is not None
                assert service.emergency

    @pytest.mark.parametrize("slug", CITIES)
    def test_every_text_speaks_five_languages(self, slug: str) -> None:
        tree = office(slug).triage
        every = [text for q in tree.questions for text in (q.text, *(a.text for a in q.answers))]
        every += [o.text for o in tree.outcomes]
        assert every
        assert {frozenset(text) for text in every} == {
            frozenset({"de", "en", "ar", "uk", "de_simple"})
        }

    def test_every_pictogram_is_drawn(self) -> None:
        page = ROOT / "queue_service/web/templates/triage/pictures.html"
        drawn = page.read_text("utf-8")
        assert all(f'"{name}": "M' in drawn for name in PICTURES)


class TestWalk:
    def test_it_begins_and_goes_on_answer_by_answer(self) -> None:
        tree = Tree.of(office("heidelberg"))
        first = begin(tree)
        assert isinstance(first, Question)
        assert first.key == "home"
        following = answer(tree, (), "here")
        assert isinstance(following, Question)
        assert following.key == "matter"
        ended = answer(tree, ("here",), "card")
        assert isinstance(ended, Outcome)
        assert ended.kind is End.CARD

    @pytest.mark.parametrize("given", [("nonsense",), ("here", "card", "more"), ("08221000",)])
    def test_answers_of_another_tree_lead_nowhere(self, given: Answers) -> None:
        assert walk(Tree.of(office("heidelberg")), given) is None

    def test_endless_answers_lead_nowhere(self) -> None:
        assert walk(Tree.of(office("heidelberg")), ("here",) * 1_000) is None

    def test_places_that_do_not_agree_are_asked_about(self) -> None:
        tree = Tree.of(office("heidelberg"))
        given = ("other", "08221000-08226041")
        at = walk(tree, given)
        assert isinstance(at, Question)
        assert undecided(tree, given) == ("08221000", "08226041")
        assert undecided(tree, ("other",)) == ()

    def test_a_rule_that_no_longer_holds_leads_to_what_holds_instead(self) -> None:
        now = office("stuttgart")
        given = ("here", "ends", "ukraine")
        free = walk(Tree.of(now), given)
        assert isinstance(free, Outcome)
        assert free.kind is End.NO_APPOINTMENT
        later = msgspec.structs.replace(
            now, services=tuple(msgspec.structs.replace(s, exempt=()) for s in now.services)
        )
        booked = walk(Tree.of(later), given)
        assert isinstance(booked, Outcome)
        assert (booked.kind, booked.service) == (End.BOOK, "APPL")

    def test_an_office_without_a_tree_asks_nothing(self) -> None:
        assert begin(Tree.of(msgspec.structs.replace(office("heidelberg"), triage=_none()))) is None


def _none() -> object:
    return type(office("heidelberg").triage)()


TREE = CONFIG / "heidelberg" / "triage.toml"


def broken(old: str, new: str) -> set[tuple[str, str]]:
    """Key and reason of every fault of Heidelberg's configuration with `old` replaced once."""
    texts = {str(file): file.read_text("utf-8") for file in TREE.parent.glob("*.toml")}
    assert texts[str(TREE)].count(old) >= 1, old
    texts[str(TREE)] = texts[str(TREE)].replace(old, new, 1)
    found = offices.check(texts)
    assert isinstance(found, tuple), "no fault was found"
    assert {Path(fault.file).name for fault in found} == {"triage.toml"}
    return {(fault.key, fault.reason) for fault in found}


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('first = "home"', 'first = "nowhere"', "triage.first", "is no question"),
        (
            'next = "guide"',
            'next = "gone"',
            "triage.questions.more.answers.none.next",
            "neither a question nor an outcome",
        ),
        (
            'key = "past"\nnext = "applied"',
            'key = "past"\nnext = "ends"',
            "triage.questions.ends",
            "would never end",
        ),
        (
            'key = "past"\nnext = "applied"',
            'key = "past"\nnext = "guide"',
            "triage.questions.applied",
            "is reached by no answer",
        ),
        (
            'key = "card"\nkind = "card"',
            'key = "card2"\nkind = "card"',
            "triage.outcomes.card2",
            "is reached by no answer",
        ),
        (
            'ar = "في هايدلبرغ"\n',
            "",
            "triage.questions.home.answers.here.text.ar",
            "every text needs this language",
        ),
        (
            'uk = "У Гайдельберзі"\n',
            "",
            "triage.questions.home.answers.here.text.uk",
            "every text needs this language",
        ),
        (
            'picture = "house"',
            'picture = "castle"',
            "triage.questions.home.answers.here.picture",
            "must be one of",
        ),
        (
            'service = "LOSS"',
            'service = "NONE"',
            "triage.questions.papers_loss.service",
            "is no service",
        ),
        (
            'service = "INFO"',
            'service = "APPL"',
            "triage.outcomes.number_info.service",
            "takes nobody without",
        ),
        ('need = "N0"', 'need = "N1"', "triage.outcomes.guide_now.need", "gets a number"),
        ('need = "N2"', 'need = "N0"', "triage.outcomes.urgent_n2.need", "to the staff at once"),
        (
            'exempt = "section_24"',
            'exempt = "section_99"',
            "triage.outcomes.nothing_24.exempt",
            "is no exemption",
        ),
        (
            'otherwise = "book_appl"',
            'otherwise = "home"',
            "triage.outcomes.nothing_24.otherwise",
            "must be the outcome",
        ),
        ('link = "https:', 'link = "http:', "triage.outcomes.online.link", "must begin with"),
        (
            'elsewhere = "elsewhere"',
            'elsewhere = "guide"',
            "triage.questions.postcode.elsewhere",
            "of kind elsewhere",
        ),
        ('here = "matter"\n', "", "triage.questions.postcode.here", "is missing"),
        ('key = "yes"', 'key = "no"', "triage.questions.applied.answers.no.key", "used 2 times"),
        (
            'key = "more"\n[triage.questions.text]',
            'key = "ends"\n[triage.questions.text]',
            "triage.questions.ends.key",
            "is used 2 times",
        ),
        ('kind = "place"', 'kind = "palace"', "triage.questions.postcode.kind", "must be one of"),
    ],
)
def test_a_broken_tree_is_told_by_key_and_reason(old: str, new: str, key: str, reason: str) -> None:
    found = broken(old, new)
    assert any(at == key and reason in why for at, why in found), sorted(found)


def test_a_question_without_a_choice_is_dead() -> None:
    made = office("heidelberg")
    first = made.triage.questions[0]
    dead = msgspec.structs.replace(first, answers=first.answers[1:])
    tree = msgspec.structs.replace(made.triage, questions=(dead, *made.triage.questions[1:]))
    faults = triage_faults(msgspec.structs.replace(made, triage=tree), frozenset())
    assert ("triage.questions.home.answers", "must be 2 to 8: 1 lead on from here") in {
        (fault.key, fault.reason) for fault in faults
    }


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
    own = office(slug).ags
    return [row for row in rows() if row["ags"][:5] in AROUND[slug] or row["ags"] == own]


@pytest.mark.parametrize("slug", CITIES)
def test_no_address_around_the_city_is_sent_to_the_wrong_authority(slug: str) -> None:
    made = office(slug)
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
    made = office(slug)
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
