"""The picture of a code in a letter: small, safe to type, and that of its own appointment."""

from hypothesis import given
from hypothesis import strategies as st

from queue_service.model.codes import CODE_ALPHABET
from queue_service.notify.letters import Letter, qr_link, qr_png, write
from queue_service.notify.plan import Purpose
from tests.letters import CODE, facts, read

QR_SYMBOLS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@given(st.text(CODE_ALPHABET, min_size=8, max_size=8))
def test_the_picture_holds_an_upper_case_link_that_ends_in_the_code(code: str) -> None:
    link = qr_link("https://termine.example/", code)
    assert link == f"HTTPS://TERMINE.EXAMPLE/T/{code}"
    found = read(qr_png(link))
    assert found.text == link
    assert set(found.text) <= QR_SYMBOLS
    assert found.ec_level == "M"


def test_the_symbols_of_codes_are_safe_on_every_keyboard_layout() -> None:
    assert not set(CODE_ALPHABET) & set("YZIO01")
    assert set(CODE_ALPHABET) <= QR_SYMBOLS


def test_upper_case_links_make_a_smaller_picture() -> None:
    link = qr_link("https://termine.example", CODE)
    assert int.from_bytes(qr_png(link)[16:20]) < int.from_bytes(qr_png(link.lower())[16:20])
    assert read(qr_png(link.lower())).text == link.lower()


def test_a_letter_carries_the_picture_of_its_own_code() -> None:
    letter: Letter = write(Purpose.CONFIRMATION, facts(), "de")
    assert letter.qr is not None
    assert read(letter.qr).text == "HTTPS://TERMINE.EXAMPLE/T/K7M2P9QX"
    assert f'src="cid:{letter.qr_cid}"' in letter.html


def test_a_signed_letter_carries_its_proof_as_picture_and_link() -> None:
    letter = write(Purpose.CONFIRMATION, facts(sealed="K7" * 64), "de")
    assert letter.qr is not None
    proof = "HTTPS://TERMINE.EXAMPLE/V/" + "K7" * 64
    assert read(letter.qr).text == proof
    assert proof in letter.text
    assert proof in letter.html
    cancelled = write(Purpose.CANCELLATION, facts(sealed="K7" * 64), "de")
    assert proof not in cancelled.text
