"""The chain: whatever is changed, removed, added or reordered is found, and where."""

import secrets
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.events.booking import Held, Lapsed
from queue_service.events.capacity import Configured
from queue_service.events.chapters import UnknownTagError, decode, encode
from queue_service.events.entry import Entry, Fact, broken_at, digest, link
from queue_service.model.ids import APPLICANT, ActorId, OfficeId
from tests.make import NOW

HEAD = b"small"
FACTS: tuple[Fact, ...] = (Held(receipt="00ff"), Lapsed(), Configured(subjects=("office",)))


def told(
    seq: int, fact: Fact, previous: bytes, by: ActorId = APPLICANT, undoes: int | None = None
) -> Entry:
    """Entry `seq` as a turn writes it."""
    body, salt = encode(fact), secrets.token_bytes(8)
    entry = Entry(
        office=OfficeId(1),
        seq=seq,
        recorded=NOW + timedelta(seconds=seq),
        happened=NOW,
        by=by,
        undoes=undoes,
        tag=str(fact.__struct_config__.tag),
        body=body,
        digest=digest(salt, body),
        salt=salt,
        link=b"",
    )
    return msgspec.structs.replace(entry, link=link(previous, entry))


def chain(many: int) -> list[Entry]:
    found: list[Entry] = []
    for seq in range(1, many + 1):
        previous = found[-1].link if found else HEAD
        found.append(told(seq, FACTS[seq % 3], previous, undoes=seq - 1 if seq % 4 == 0 else None))
    return found


CHAIN = chain(12)
places = st.integers(0, len(CHAIN) - 1)


def changed(at: int, **fields: object) -> list[Entry]:
    entries = list(CHAIN)
    entries[at] = msgspec.structs.replace(entries[at], **fields)
    return entries


def test_an_untouched_chain_verifies_from_its_start_and_from_anywhere() -> None:
    assert broken_at(HEAD, CHAIN) is None
    assert broken_at(CHAIN[4].link, CHAIN[5:]) is None
    assert broken_at(HEAD, []) is None


@given(
    places,
    st.sampled_from(
        [
            {"office": OfficeId(2)},
            {"seq": 99},
            {"recorded": NOW},
            {"happened": NOW + timedelta(microseconds=1)},
            {"by": ActorId(7)},
            {"undoes": 42},
            {"tag": "moved"},
            {"body": '{"tag":"held"}'},
            {"body": ""},
            {"salt": b"12345678"},
            {"salt": None},
            {"digest": b"0" * 32},
            {"link": b"0" * 32},
        ]
    ),
)
def test_a_changed_entry_is_found_at_its_place(at: int, change: dict[str, object]) -> None:
    assert broken_at(HEAD, changed(at, **change)) == change.get("seq", CHAIN[at].seq)


@given(places, st.data())
def test_one_flipped_bit_of_a_body_is_found(at: int, data: st.DataObject) -> None:
    body = CHAIN[at].body
    assert body is not None
    place = data.draw(st.integers(0, len(body) - 1))
    flipped = body[:place] + chr(ord(body[place]) ^ 1) + body[place + 1 :]
    assert broken_at(HEAD, changed(at, body=flipped)) == CHAIN[at].seq


@given(places)
def test_a_removed_entry_is_found_unless_it_was_the_last(at: int) -> None:
    entries = [*CHAIN[:at], *CHAIN[at + 1 :]]
    last = at == len(CHAIN) - 1
    assert broken_at(HEAD, entries) == (None if last else CHAIN[at + 1].seq)


@given(places, places)
def test_two_entries_that_changed_places_are_found_at_the_first(one: int, other: int) -> None:
    entries = list(CHAIN)
    entries[one], entries[other] = entries[other], entries[one]
    first = min(one, other)
    assert broken_at(HEAD, entries) == (None if one == other else entries[first].seq)


@given(st.integers(0, len(CHAIN)))
def test_an_added_entry_is_found_even_when_it_is_well_made(at: int) -> None:
    previous = CHAIN[at - 1].link if at else HEAD
    forged = told(at + 1, Held(receipt="forged"), previous)
    entries = [*CHAIN[:at], forged, *CHAIN[at:]]
    assert broken_at(HEAD, entries) == (None if at == len(CHAIN) else CHAIN[at].seq)


def test_a_chain_that_begins_elsewhere_is_found_at_once() -> None:
    assert broken_at(b"other", CHAIN) == 1


@given(st.sets(places))
def test_struck_bodies_still_verify_and_cannot_be_read(struck: set[int]) -> None:
    entries = [
        msgspec.structs.replace(e, body=None, salt=None) if n in struck else e
        for n, e in enumerate(CHAIN)
    ]
    assert broken_at(HEAD, entries) is None
    for n in struck:
        with pytest.raises(UnknownTagError):
            decode(entries[n])


@given(places, st.sampled_from(["by", "recorded", "tag", "undoes"]))
def test_the_header_of_a_struck_entry_cannot_be_changed(at: int, field: str) -> None:
    other = {"by": 9, "recorded": NOW, "tag": "moved", "undoes": 77}[field]
    entries = changed(at, body=None, salt=None, **{field: other})
    assert broken_at(HEAD, entries) == CHAIN[at].seq


def test_the_same_body_never_has_the_same_digest_twice() -> None:
    body = encode(Held())
    assert digest(b"1", body) != digest(b"2", body)
    assert {told(1, Held(), HEAD).digest for _ in range(50)}.__len__() == 50


def test_instants_are_hashed_as_utc_so_that_a_stored_entry_verifies() -> None:
    entry = told(1, Held(), HEAD)
    kolkata = ZoneInfo("Asia/Kolkata")
    same = msgspec.structs.replace(
        entry,
        recorded=entry.recorded.astimezone(kolkata),
        happened=entry.happened.astimezone(kolkata),
    )
    assert link(HEAD, same) == entry.link


def test_an_entry_of_a_newer_version_is_unknown_and_not_misread() -> None:
    entry = told(1, Held(), HEAD)
    for body in ('{"tag":"teleported"}', '{"tag":"held","bookings":7}', "{}"):
        with pytest.raises(UnknownTagError):
            decode(msgspec.structs.replace(entry, body=body))
