"""The signed confirmation: whatever is changed on it shows; what holds is told from what held."""

import argparse
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import msgspec
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from queue_service import cli
from queue_service.commands import verifying
from queue_service.commands.failing import CommandError
from queue_service.flows.bookings.sealing import public_keys, seal
from queue_service.kiosk import signed
from queue_service.kiosk.signed import Known, PublicKey, Verdict
from queue_service.kiosk.ticket import code_in
from queue_service.language import LANGUAGES
from queue_service.language.verdicts import verdict
from queue_service.model.booking import BookingState
from queue_service.model.codes import CODE_ALPHABET, TOKEN_ALPHABET
from queue_service.notify.letters import qr_png, signed_link
from queue_service.seals import Keys, sealed
from tests import make
from tests.letters import pixels

KEYS = Keys(b"k" * 32)
HERE, THERE = "stuttgart", "heidelberg"
NOW = make.NOW
START = make.at("10:00")
CODE = "K7M2P9QX"
TEXT = seal(KEYS, HERE, CODE, START, NOW)
RING = public_keys(KEYS, HERE, NOW)
BOTH = RING + public_keys(KEYS, THERE, NOW)
codes = st.text(CODE_ALPHABET, min_size=8, max_size=8)
moments = st.integers(0, 64 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def verdict_of(
    text: str = TEXT,
    ring: tuple[PublicKey, ...] = RING,
    *,
    now: datetime = NOW,
    office: str = HERE,
    known: Known | None = None,
) -> Verdict:
    return signed.verify(text, ring, check=sealed, now=now, office=office, known=known).verdict


@given(st.sampled_from([HERE, THERE]), codes, moments, moments)
def test_what_was_signed_is_read_back(
    office: str, code: str, start: datetime, now: datetime
) -> None:
    text = seal(KEYS, office, code, start, now)
    ring = public_keys(KEYS, office, now)
    found = signed.verify(text, ring, check=sealed, now=now)
    assert (found.office, found.code, found.start) == (office, code, start)
    assert found.verdict in (Verdict.GENUINE, Verdict.USED)
    assert len(text) == signed.SIGNED_LENGTH
    assert set(text) <= set(TOKEN_ALPHABET)


@given(st.integers(0, signed.SIGNED_LENGTH * 5 - 1))
def test_any_flipped_bit_is_altered(bit: int) -> None:
    place, shift = divmod(bit, 5)
    value = TOKEN_ALPHABET.index(TEXT[place]) ^ 1 << shift
    flipped = TEXT[:place] + TOKEN_ALPHABET[value] + TEXT[place + 1 :]
    for ring in (RING, BOTH):
        assert verdict_of(flipped, ring) is Verdict.ALTERED
        assert verdict_of(flipped, ring, office="") is Verdict.ALTERED


@given(st.text(max_size=200) | st.text(TOKEN_ALPHABET, min_size=128, max_size=128))
def test_whatever_else_is_held_up_is_altered(text: str) -> None:
    assert verdict_of(text) is Verdict.ALTERED


def test_cut_off_or_lengthened_is_altered() -> None:
    for text in (TEXT[:-1], TEXT + "0", TEXT.lower(), ""):
        assert verdict_of(text) is Verdict.ALTERED


@given(st.binary(min_size=32, max_size=64).filter(lambda master: master != KEYS.master))
def test_who_has_another_master_secret_forges_nothing(master: bytes) -> None:
    assert verdict_of(seal(Keys(master), HERE, CODE, START, NOW)) is Verdict.ALTERED


def test_the_key_of_another_office_is_told_as_its() -> None:
    theirs = seal(KEYS, THERE, CODE, START, NOW)
    assert verdict_of(theirs, BOTH) is Verdict.OTHER_OFFICE
    assert verdict_of(theirs, BOTH, office="") is Verdict.GENUINE
    assert verdict_of(theirs, RING) is Verdict.ALTERED, "without their key nothing is known"


def test_an_office_cannot_sign_for_another() -> None:
    said = signed.message(signed.Confirmation(signed.tag_of(HERE), 3, CODE, START))
    forged = signed.spelled(said, KEYS.seal(THERE, 3, said))
    assert verdict_of(forged, BOTH) is Verdict.ALTERED


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (Known(BookingState.BOOKED, START), Verdict.GENUINE),
        (Known(BookingState.CANCELLED, START), Verdict.CANCELLED),
        (Known(BookingState.RESTING, START), Verdict.CANCELLED),
        (Known(BookingState.BOOKED, START + timedelta(minutes=10)), Verdict.MOVED),
        (Known(BookingState.ARRIVED, START), Verdict.USED),
        (Known(BookingState.SERVED, START), Verdict.USED),
        (Known(BookingState.NO_SHOW, START), Verdict.USED),
        (None, Verdict.GENUINE),
    ],
)
def test_what_happened_since_is_told_where_it_is_known(
    known: Known | None, expected: Verdict
) -> None:
    assert verdict_of(known=known) is expected


def test_every_state_of_a_booking_has_a_verdict() -> None:
    for state in BookingState:
        assert verdict_of(known=Known(state, START)) in set(Verdict) - {Verdict.ALTERED}


def test_one_of_yesterday_is_used_without_any_network() -> None:
    assert verdict_of(now=make.at("23:59")) is Verdict.GENUINE
    assert verdict_of(now=make.at("2026-11-24 00:00")) is Verdict.USED


@given(st.integers(0, 40), st.timedeltas(timedelta(0), signed.KEY_LIFE - timedelta(seconds=1)))
def test_a_key_signs_for_its_time_and_is_believed_until_it_expires(
    number: int, into: timedelta
) -> None:
    signing = signed.EPOCH + number * signed.KEY_LIFE + into
    assert signed.number_at(signing) == number
    start = signing + timedelta(days=360)
    text = seal(KEYS, HERE, CODE, start, signing)
    [key] = [k for k in public_keys(KEYS, HERE, signing) if k.number == number]
    assert key.signs_from <= signing < key.signs_until < key.expires
    # At every later rotation, until the visit is over, a device with the newest keys believes it.
    for days in range(0, 361, 45):
        later = signing + timedelta(days=days)
        assert verdict_of(text, public_keys(KEYS, HERE, later), now=later) is Verdict.GENUINE
    ring = public_keys(KEYS, HERE, key.expires)
    assert verdict_of(text, ring, now=key.expires) is Verdict.EXPIRED
    last = key.expires - timedelta(seconds=1)
    assert verdict_of(text, ring, now=last) is Verdict.USED


def test_a_device_cut_off_on_the_day_of_the_change_has_the_next_key() -> None:
    change = signed.EPOCH + 4 * signed.KEY_LIFE
    before = public_keys(KEYS, HERE, change - timedelta(days=1))
    text = seal(KEYS, HERE, CODE, change + timedelta(days=3), change)
    assert verdict_of(text, before, now=change) is Verdict.GENUINE


@given(moments)
def test_few_keys_are_published_and_no_two_are_alike(now: datetime) -> None:
    ring = public_keys(KEYS, HERE, now)
    assert 2 <= len(ring) <= 11
    assert len({key.key for key in ring}) == len(ring)
    assert not {key.key for key in ring} & {key.key for key in public_keys(KEYS, THERE, now)}


def test_the_picture_is_read_back_and_survives_a_german_scanner() -> None:
    link = signed_link("https://termine.example/", TEXT)
    [found] = zxingcpp.read_barcodes(pixels(qr_png(link)))
    assert found.text == link == f"HTTPS://TERMINE.EXAMPLE/V/{TEXT}"
    assert (int.from_bytes(qr_png(link)[16:20]) // 6 - 8 - 17) // 4 <= 8, "version 8 at most"
    for scanned in (link, link.replace(":", "Ö").replace("/", "-"), f"{link}\n"):
        assert code_in(scanned) == TEXT


def test_every_verdict_has_words_in_every_language() -> None:
    for language in LANGUAGES:
        told = [verdict(each, language) for each in Verdict]
        assert len({each.title for each in told}) == len(told)
        assert all(each.title and each.detail for each in told)


def key_file(folder: Path, slug: str, keys: tuple[PublicKey, ...]) -> Path:
    said = [
        {"number": k.number, "public_key": msgspec.json.encode(k.key).decode().strip('"'), **times}
        for k in keys
        for times in [
            {n: getattr(k, n).isoformat() for n in ("signs_from", "signs_until", "expires")}
        ]
    ]
    for each in said:
        each["public_key"] = each["public_key"].replace("+", "-").replace("/", "_").rstrip("=")
    file = folder / f"{slug}.json"
    file.write_text(json.dumps({"office": slug, "zone": "Europe/Berlin", "keys": said}))
    return file


def command(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    verifying.arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "real_now", lambda: NOW.astimezone(UTC))


@pytest.mark.usefixtures("at_noon")
def test_the_command_checks_with_public_keys_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = key_file(tmp_path, HERE, RING), key_file(tmp_path, THERE, BOTH[len(RING) :])
    link = signed_link("https://termine.example", TEXT)
    assert verifying.run(command(link, "--keys", str(here))) == 0
    assert capsys.readouterr().out == "genuine: stuttgart, 2026-11-23 10:00\n"
    both = ("--keys", str(here), "--keys", str(there))
    assert verifying.run(command(link, *both, "--office", THERE, "--json")) == 1
    assert json.loads(capsys.readouterr().out) == {
        "verdict": "other_office",
        "office": HERE,
        "start": "2026-11-23T10:00:00+01:00",
    }
    assert verifying.run(command(link[:-1] + "0", *both)) == 1
    assert capsys.readouterr().out == "altered\n"


@pytest.mark.usefixtures("at_noon")
def test_the_command_line_has_it_and_reads_a_scanner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(f"HTTPSÖ--X-V-{TEXT}\n"))
    file = key_file(tmp_path, HERE, RING)
    assert cli.main(["verify-confirmation", "-", "--keys", str(file), "--office", HERE]) == 0
    assert capsys.readouterr().out.startswith("genuine")
    assert cli.main(["verify-confirmation", TEXT, "--keys", str(file), "--office", "x"]) == 1
    assert "none of the files has its keys" in capsys.readouterr().err


def test_a_file_without_keys_is_told_with_its_name(tmp_path: Path) -> None:
    odd = tmp_path / "odd.json"
    for content in ("", "{}", '{"office": "a", "zone": "Nowhere", "keys": []}', "[]"):
        odd.write_text(content)
        with pytest.raises(CommandError, match=f"{odd}: no keys of an office"):
            verifying.run(command(TEXT, "--keys", str(odd)))
    with pytest.raises(CommandError, match="No such file"):
        verifying.run(command(TEXT, "--keys", str(tmp_path / "none")))
