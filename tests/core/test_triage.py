"""Triage: the shipped trees are complete, broken ones are named."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from queue_service import offices
from queue_service.kiosk.triage import Answers, Tree, answer, begin, undecided, walk
from queue_service.language import LANGUAGES
from queue_service.model.triage import PICTURES, End, Kind, Need, Outcome, Question
from queue_service.offices.triage_rules import triage_faults
from tests.presets import CITIES, CONFIG, ROOT, preset

MOST_STEPS = 7
"""Questions on a path; at four seconds each, reading included, that is below 45."""


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
        found = list(ways(Tree.of(preset(slug))))
        assert {outcome.kind for _, outcome in found} == set(End)
        assert {o.key for _, o in found} >= {o.key for o in preset(slug).triage.outcomes}
        assert max(len(given) for given, _ in found) <= MOST_STEPS
        assert {o.need for _, o in found} >= {Need.N0, Need.N1, Need.N2, Need.N3, Need.N4, Need.N5}

    @pytest.mark.parametrize("slug", CITIES)
    def test_the_most_pressing_go_to_the_staff_and_never_into_a_line(self, slug: str) -> None:
        for _, outcome in ways(Tree.of(preset(slug))):
            if outcome.need is Need.N0:
                assert outcome.kind is End.GUIDE
            elif outcome.need is not None:
                service = preset(slug).service(outcome.service or "")
                assert service is not None
                assert service.emergency

    @pytest.mark.parametrize("slug", CITIES)
    def test_every_text_speaks_every_language(self, slug: str) -> None:
        tree = preset(slug).triage
        every = [text for q in tree.questions for text in (q.text, *(a.text for a in q.answers))]
        every += [o.text for o in tree.outcomes]
        assert every
        assert {frozenset(text) for text in every} == {frozenset(LANGUAGES)}

    def test_every_pictogram_is_drawn(self) -> None:
        page = ROOT / "queue_service/web/templates/triage/pictures.html"
        drawn = page.read_text("utf-8")
        assert all(f'"{name}": "M' in drawn for name in PICTURES)


class TestWalk:
    def test_it_begins_and_goes_on_answer_by_answer(self) -> None:
        tree = Tree.of(preset("heidelberg"))
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
        assert walk(Tree.of(preset("heidelberg")), given) is None

    def test_endless_answers_lead_nowhere(self) -> None:
        assert walk(Tree.of(preset("heidelberg")), ("here",) * 1_000) is None

    def test_places_that_do_not_agree_are_asked_about(self) -> None:
        tree = Tree.of(preset("heidelberg"))
        given = ("other", "08221000-08226041")
        at = walk(tree, given)
        assert isinstance(at, Question)
        assert undecided(tree, given) == ("08221000", "08226041")
        assert undecided(tree, ("other",)) == ()

    def test_a_rule_that_no_longer_holds_leads_to_what_holds_instead(self) -> None:
        now = preset("stuttgart")
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
        assert begin(Tree.of(msgspec.structs.replace(preset("heidelberg"), triage=_none()))) is None


def _none() -> object:
    return type(preset("heidelberg").triage)()


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
    made = preset("heidelberg")
    first = made.triage.questions[0]
    dead = msgspec.structs.replace(first, answers=first.answers[1:])
    tree = msgspec.structs.replace(made.triage, questions=(dead, *made.triage.questions[1:]))
    faults = triage_faults(msgspec.structs.replace(made, triage=tree), frozenset())
    assert ("triage.questions.home.answers", "must be 2 to 8: 1 lead on from here") in {
        (fault.key, fault.reason) for fault in faults
    }
