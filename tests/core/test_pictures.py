"""Photos of codes: read when they show one, refused kindly when they are something else."""

import asyncio
import io

import pytest
from PIL import Image, ImageFilter
from qrcode.main import QRCode

from queue_service.flows.entrance import pictures
from queue_service.model.refusal import Code, Refusal

BOOKING = "HTTPS://EXAMPLE.ORG/B/23456789"
TICKET = "HTTPS://EXAMPLE.ORG/T/" + "3C" * 13
SIGNED = "HTTPS://EXAMPLE.ORG/V/" + "5F" * 64


def photo(*links: str, turned: float = 0, kind: str = "JPEG") -> bytes:
    """A desk with papers on it, as a tablet's camera sends it."""
    desk = Image.new("RGB", (1_600, 1_200), (198, 186, 170))
    for place, link in enumerate(links):
        code = QRCode(border=4)
        code.add_data(link)
        paper = code.make_image().get_image().convert("RGB").resize((560, 560))
        paper = paper.rotate(turned, expand=True, fillcolor=(198, 186, 170))
        desk.paste(paper, (60 + 780 * place, 200))
    return written(desk.filter(ImageFilter.GaussianBlur(0.8)), kind)


def written(picture: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def decoded(content: bytes) -> str | Refusal:
    return asyncio.run(pictures.decode(content))


@pytest.mark.parametrize("link", [BOOKING, TICKET, SIGNED])
def test_the_code_of_a_booking_a_ticket_or_a_signed_confirmation_is_read(link: str) -> None:
    assert decoded(photo(link)) == link.rpartition("/")[2]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_kinds_and_crooked_hands_do_not_matter(kind: str) -> None:
    assert decoded(photo(BOOKING, turned=13, kind=kind)) == "23456789"


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture at all", photo(BOOKING)[:9_000], written(Image.new("L", (9, 9)), "GIF")],
    ids=["empty", "text", "cut off", "another kind"],
)
def test_what_is_no_picture_is_refused_kindly(content: bytes) -> None:
    assert decoded(content) == Refusal(Code.UNREADABLE_PICTURE)


def test_a_small_file_that_unfolds_to_an_enormous_picture_is_never_unfolded() -> None:
    flat = written(Image.new("1", (8_000, 4_000)), "PNG")
    assert len(flat) < 20_000
    assert decoded(flat) == Refusal(Code.UNREADABLE_PICTURE)


def test_a_file_beyond_the_bound_is_not_even_opened() -> None:
    assert decoded(photo(BOOKING) + bytes(pictures.MOST_BYTES)) == Refusal(Code.UNREADABLE_PICTURE)


def test_a_picture_without_a_code_of_ours_says_so() -> None:
    assert decoded(photo()) == Refusal(Code.NO_CODE_IN_PICTURE)
    assert decoded(photo("HTTPS://EXAMPLE.ORG/MENU")) == Refusal(Code.NO_CODE_IN_PICTURE)


def test_two_codes_at_once_are_nobodys() -> None:
    assert decoded(photo(BOOKING, "HTTPS://EXAMPLE.ORG/B/34567892")) == Refusal(
        Code.NO_CODE_IN_PICTURE
    )
