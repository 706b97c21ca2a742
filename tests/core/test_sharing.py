"""Shared desks: the generated limits promise exactly what the desks on duty can serve."""

import os
from datetime import date
from itertools import combinations

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.matching import Desks, matched
from bench.sharing import play
from queue_service.model.booking import Part
from queue_service.model.ids import CounterKey, ServiceCode
from queue_service.model.office import Counter, Limit, Office, Service
from queue_service.model.refusal import Code, Refusal
from queue_service.offices import Fault, Layer, check, layers_of, resolve
from queue_service.offices.sharing import Kept, Named, Sharing, TooManySetsError, shared_limits
from queue_service.slots import openings
from queue_service.slots.capacity import cells
from tests import make
from tests.core.musterstadt import AT, CONFIG, texts
from tests.presets import preset

CODES = tuple(ServiceCode(code) for code in ("AA", "BB", "CC", "DD"))
DESKS = tuple(CounterKey(str(number)) for number in range(1, 6))
DAY = date(2026, 11, 25)
BOOKINGS = 10_000 if os.environ.get("QUEUE_SOAK") else 300


def office(skills: dict[str, str]) -> Office:
    """An office of counters with the first letters of their services: ``{"1": "AB"}``."""
    counters = tuple(
        Counter(CounterKey(key), {"de": f"Platz {key}"}, tuple(ServiceCode(c * 2) for c in letters))
        for key, letters in skills.items()
    )
    services = tuple(Service(code, {"de": code}, 10, 5, "any") for code in CODES)
    return msgspec.structs.replace(
        make.office(), services=services, counters=counters, limits=(), languages=("de",)
    )


def made(skills: dict[str, str], **sharing: object) -> dict[str, tuple[int, str]]:
    """Key of each limit → capacity and its counters."""
    limits = shared_limits(office(skills), Sharing(**sharing))  # type: ignore[arg-type]  # by test
    return {limit.key: (limit.capacity, " ".join(limit.counters)) for limit in limits}


def test_each_set_of_overlapping_desks_becomes_a_limit_and_no_other() -> None:
    assert made({"1": "A", "2": "AB", "3": "B", "4": "C"}) == {
        "desks-AA": (2, "1 2"),
        "desks-BB": (2, "2 3"),
        "desks-AA-BB": (3, "1 2 3"),
        "desks-CC": (1, "4"),
        # Only counter 2 can do both.
        "desks-AA_BB": (1, "2"),
    }


def test_services_with_the_same_desks_are_one_limit() -> None:
    assert made({"1": "AB", "2": "AB", "10": "AB"}) == {"desks-AA-BB": (3, "1 2 10")}


def test_a_kept_desk_is_taken_off_every_limit_that_contains_all_that_could_be_it() -> None:
    kept = (Kept((CODES[1],), 1),)
    assert made({"1": "A", "2": "AB", "3": "B"}, kept=kept) == {
        "desks-AA": (2, "1 2"),
        "desks-BB": (1, "2 3"),
        "desks-AA-BB": (2, "1 2 3"),
        "desks-AA_BB": (1, "2"),
    }


def test_a_counter_without_appointments_is_in_no_limit() -> None:
    walk_in = (CounterKey("2"),)
    assert made({"1": "A", "2": "AB", "3": "B"}, walk_in_counters=walk_in) == {
        "desks-AA": (1, "1"),
        "desks-BB": (1, "3"),
    }


def test_a_name_keeps_the_key_when_a_desk_is_added() -> None:
    names = (Named("front", {"de": "Vorne"}, CODES[:2]),)
    for skills in ({"1": "AB"}, {"1": "AB", "2": "AB"}):
        [limit] = shared_limits(office(skills), Sharing(names=names))
        assert (limit.key, limit.name, limit.capacity) == ("front", {"de": "Vorne"}, len(skills))


def test_skills_that_overlap_in_every_way_are_refused() -> None:
    services = tuple(ServiceCode(f"S{number}") for number in range(10))
    counters = tuple(
        Counter(CounterKey(str(n)), {"de": "x"}, tuple(pair))
        for n, pair in enumerate(combinations(services, 2))
    )
    rich = msgspec.structs.replace(
        office({}),
        counters=counters,
        services=tuple(Service(code, {"de": code}, 10, 5, "any") for code in services),
    )
    with pytest.raises(TooManySetsError):
        shared_limits(rich, Sharing())


SKILLS = st.dictionaries(
    st.sampled_from(DESKS),
    st.text("ABCD", min_size=1, max_size=4).map(lambda said: "".join(sorted(set(said)))),
    min_size=1,
)
KINDS = [kind for size in (1, 2, 3) for kind in combinations(CODES, size)]
VISITS = st.lists(st.sampled_from(KINDS), max_size=7)


def able(told: Office, kind: tuple[ServiceCode, ...], absent: str = "") -> Desks:
    """The desks on duty that can do all of `kind`, straight from the counters."""
    return frozenset(c.key for c in told.counters if set(kind) <= set(c.skills) and c.key != absent)


def taking(limits: tuple[Limit, ...], told: Office, kind: tuple[ServiceCode, ...]) -> list[str]:
    """What the booking engine says such a visit takes from."""
    whole = msgspec.structs.replace(told, limits=limits)
    asked = openings.request(whole, [Part(code, 1) for code in kind])
    assert not isinstance(asked, Refusal), asked
    return list(asked.limits)


@given(SKILLS, VISITS, st.sampled_from(("", *DESKS)))
@settings(deadline=None)
def test_visits_fit_the_limits_exactly_when_every_one_can_have_a_desk(
    skills: dict[str, str], visits: list[tuple[ServiceCode, ...]], absent: str
) -> None:
    told = office(skills)
    limits = shared_limits(told, Sharing())
    visits = [kind for kind in visits if able(told, kind)]
    taken = dict.fromkeys((limit.key for limit in limits), 0)
    for kind in visits:
        for key in taking(limits, told, kind):
            taken[key] += 1
    places = {limit.key: limit.capacity - (absent in limit.counters) for limit in limits}
    fits = all(taken[key] <= places[key] for key in taken)
    seats = [able(told, kind, absent) for kind in visits]
    assert fits == (matched(seats) == len(seats))


@given(SKILLS, VISITS, st.sampled_from(KINDS), st.integers(1, 2))
@settings(deadline=None)
def test_kept_desks_are_there_whatever_is_booked(
    skills: dict[str, str],
    visits: list[tuple[ServiceCode, ...]],
    kept: tuple[ServiceCode, ...],
    many: int,
) -> None:
    told = office(skills)
    assume(len(able(told, kept)) >= many)
    limits = shared_limits(told, Sharing(kept=(Kept(kept, many),)))
    assume(all(limit.capacity >= 0 for limit in limits))
    visits = [kind for kind in visits if able(told, kind)]
    taken = dict.fromkeys((limit.key for limit in limits), 0)
    for kind in visits:
        for key in taking(limits, told, kind):
            taken[key] += 1
    fits = all(taken[limit.key] <= limit.capacity for limit in limits)
    seats = [able(told, kind) for kind in (*visits, *[kept] * many)]
    assert fits == (matched(seats) == len(seats))


@given(SKILLS, st.sampled_from(KINDS))
def test_what_no_desk_can_do_in_one_visit_is_refused(
    skills: dict[str, str], kind: tuple[ServiceCode, ...]
) -> None:
    told = office(skills)
    assume(all(able(told, (code,)) for code in kind))
    whole = msgspec.structs.replace(told, limits=shared_limits(told, Sharing()))
    asked = openings.request(whole, [Part(code, 1) for code in kind])
    refused = isinstance(asked, Refusal) and asked.code is Code.NOT_TOGETHER
    assert refused == (not able(told, kind))


@given(SKILLS, st.randoms(use_true_random=False))
def test_the_order_of_counters_and_services_changes_nothing(
    skills: dict[str, str], chance: object
) -> None:
    told = office(skills)
    counters, services = list(told.counters), list(told.services)
    chance.shuffle(counters)  # type: ignore[attr-defined]  # hypothesis gives a Random
    chance.shuffle(services)  # type: ignore[attr-defined]  # a Random of hypothesis
    shuffled = msgspec.structs.replace(told, counters=tuple(counters), services=tuple(services))
    assert shared_limits(shuffled, Sharing()) == shared_limits(told, Sharing())


@given(SKILLS, st.permutations(DESKS))
def test_desks_that_change_their_places_change_nothing_but_their_names(
    skills: dict[str, str], order: list[CounterKey]
) -> None:
    moved = dict(zip(DESKS, order, strict=True))
    before = shared_limits(office(skills), Sharing())
    after = shared_limits(office({moved[CounterKey(k)]: s for k, s in skills.items()}), Sharing())
    assert [(x.key, x.capacity, {moved[c] for c in x.counters}) for x in before] == [
        (x.key, x.capacity, set(x.counters)) for x in after
    ]


PRESETS = {
    "stuttgart": {
        "service_point": (4, "2 3 4 5 6"),
        "pickup": (3, "7 8 9"),
        "emergency_counters": (3, "10 11 12"),
        "case_work": (2, "13 14"),
    },
    "heidelberg": {
        "first_contact": (3, "1 2 3 4"),
        "case_work": (1, "5 6"),
        "house": (4, "1 2 3 4 5 6"),
    },
}


@pytest.mark.parametrize("slug", PRESETS)
def test_the_presets_share_their_desks_by_few_limits_that_load_like_any_other(slug: str) -> None:
    told = preset(slug)
    shared = {x.key: (x.capacity, " ".join(x.counters)) for x in told.limits if x.counters}
    assert shared == PRESETS[slug]
    assert resolve(layers_of(told, AT), AT) == told


@pytest.mark.parametrize("slug", PRESETS)
def test_on_the_presets_everybody_booked_has_a_desk_and_nobody_is_refused_who_could(
    slug: str,
) -> None:
    found = play(CONFIG / slug, 3, bookings=BOOKINGS)
    assert (found.unservable, found.wrongly_refused) == (0, 0)
    assert found.given == BOOKINGS
    assert found.refused > BOOKINGS / 4
    assert found.given > found.greedy_given
    print(f"{slug}: {found}")


@pytest.mark.parametrize(
    ("slug", "counter", "smaller"),
    [
        ("stuttgart", "1", set()),
        ("stuttgart", "8", {"pickup"}),
        ("stuttgart", "11", {"emergency_counters"}),
        ("heidelberg", "2", {"first_contact", "house"}),
        ("heidelberg", "6", {"case_work", "house"}),
    ],
)
def test_a_missing_counter_takes_a_place_from_the_limits_it_belongs_to_and_no_other(
    slug: str, counter: str, smaller: set[str]
) -> None:
    told = preset(slug)
    away = Layer(f"capacity:{counter}", f'{{"counter": "{counter}", "add": -1}}', AT)
    before, after = (cells(told, told.limits, DAY, frozenset(), layers) for layers in ((), (away,)))
    for key, were in before.items():
        missing = 1 if key in smaller else 0
        assert after[key] == {tick: places - missing for tick, places in were.items()}, key


FAULTS = [
    ('services = ["PAY"]', "sharing.services", '"PAY"', "is no service of this office"),
    ('walk_in_counters = ["3"]', "sharing.walk_in_counters", '"3"', "is no counter"),
    (
        'walk_in_counters = ["2", "10"]\nservices = ["PICK"]',
        "sharing.services",
        '"PICK"',
        "has no counter for appointments",
    ),
    ('kept = [{ services = ["PICK"], desks = 0 }]', "sharing.kept[1].desks", "0", "at least 1"),
    ("kept = [{ services = [], desks = 1 }]", "sharing.kept[1].services", "[]", "no counter has"),
    ('kept = [{ services = ["PAY"], desks = 1 }]', "sharing.kept[1].services", '"PAY"', "no serv"),
    ('kept = [{ services = ["PICK"], desks = 3 }]', "sharing.kept", "-1", "more desks than"),
    ("keep = 1", "sharing.keep", "1", "do you mean kept?"),
    (
        'names = [{ key = "x", name = { de = "X" }, services = ["EMER"] }]',
        "sharing.names.x.services",
        '["EMER"]',
        "no shared limit; there are: PICK",
    ),
]


@pytest.mark.parametrize(("said", "key", "value", "reason"), FAULTS)
def test_a_fault_of_the_table_names_file_key_value_and_reason(
    said: str, key: str, value: str, reason: str
) -> None:
    found = check(texts("[booking]", f"[sharing]\n{said}\n[booking]"))
    assert isinstance(found, tuple)
    assert [(f.file, f.key, f.value) for f in found] == [("office.toml", key, value)]
    assert reason in found[0].reason


def test_a_shared_limit_makes_a_service_bookable_and_a_clash_of_keys_is_told() -> None:
    without = texts('key = "pickup"', 'key = "day"\nperiod = "day"\ntaker = "walk_in"')
    assert isinstance(check(without), tuple)
    assert isinstance(check(without | {"more.toml": "[sharing]"}), Office)
    names = 'names = [{ key = "pickup", name = { de = "X" }, services = ["PICK"] }]'
    [clash] = check(texts("[booking]", f"[sharing]\n{names}\n[booking]"))  # type: ignore[misc]  # exactly one fault
    assert isinstance(clash, Fault)
    assert (clash.key, clash.reason) == ("limits.pickup.key", "is used 2 times")
