"""A ticket on paper: its number can be read from afar, its picture by any phone, in any script."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zxingcpp

from queue_service.language import LANGUAGES, direction, instruction
from queue_service.printing import printers, raster
from queue_service.printing.printers import Printed, Target
from queue_service.printing.raster import Line, NoFontsError, Paper

LINK = "HTTPS://TERMINE.EXAMPLE.DE/T/0123456789ABCDEFGHJKLMNPQR"


def paper(number: str = "K123", language: str = "ar") -> Paper:
    own = Line(instruction("wait_early", language), language, direction(language) == "rtl")
    german = Line(instruction("wait_early", "de"), "de")
    return Paper(Line("Ausländerbehörde", "de"), number, (own, german), LINK, "23.11. 09:00")


@pytest.mark.parametrize("number", ["K123", "W888", "A111", "M999"])
def test_the_number_is_at_least_twenty_millimetres_high_and_fits(number: str) -> None:
    drawn = raster.draw(paper(number))
    assert drawn.width == raster.WIDTH_DOTS
    assert drawn.mode == "1"
    digits = raster._number(number[1:])
    whole = raster._number(number)
    assert whole.width <= raster.WIDTH_DOTS
    assert digits.height >= raster.NUMBER_MM * raster.DOTS_PER_MM
    assert whole.height >= raster.NUMBER_MM * raster.DOTS_PER_MM


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_picture_leads_to_the_ticket_in_every_language(language: str) -> None:
    [read] = zxingcpp.read_barcodes(raster.draw(paper(language=language)).convert("L"))
    assert read.text == LINK


def test_arabic_is_shaped_and_not_a_row_of_boxes() -> None:
    joined = raster._written(Line("مرحبا", "ar", rtl=True), 60)
    apart = raster._written(Line("م ر ح ب ا", "ar", rtl=True), 60)
    assert joined.tobytes() != apart.tobytes()
    boxes = raster._written(Line("\uffff" * 5, "ar", rtl=True), 60)
    assert joined.tobytes() != boxes.tobytes()


def test_without_fonts_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "FOLDERS", ())
    raster._font.cache_clear()
    with pytest.raises(NoFontsError, match="fonts-noto-core"):
        raster.draw(paper())
    raster._font.cache_clear()


@contextmanager
def printer(status: bytes | None) -> Iterator[tuple[int, bytearray]]:
    """Something that answers as a printer in the network does, and what it was sent."""
    got = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                while data := connection.recv(65_536):
                    if data == b"\x10\x04\x04":
                        if status is not None:
                            connection.sendall(status)
                    else:
                        got.extend(data)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listener.getsockname()[1], got
        thread.join(5)


@pytest.mark.parametrize(
    ("status", "printed"),
    [(b"\x12", Printed.YES), (None, Printed.YES), (b"\x72", Printed.PAPER_OUT)],
    ids=["paper", "says nothing", "no paper"],
)
async def test_a_printer_in_the_network_prints_unless_it_has_no_paper(
    status: bytes | None, printed: Printed
) -> None:
    picture = raster.draw(paper())
    with printer(status) as (port, got):
        found = await printers.send(Target(f"network:127.0.0.1:{port}"), picture)
    assert found is printed
    assert bytes(got) == (printers.commands(picture) if printed is Printed.YES else b"")


def test_file_printers_write_in_their_folder_alone(tmp_path: Path) -> None:
    target = Target("file:../kiosk", tmp_path / "tickets")
    assert printers._send(target, raster.draw(paper())) is Printed.UNREACHABLE
    assert list(tmp_path.iterdir()) == []


async def test_a_printer_that_is_not_there_is_told() -> None:
    picture = raster.draw(paper())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for address in (f"network:127.0.0.1:{port}", "usb:9", "lpt1", "file:kiosk"):
        assert await printers.send(Target(address), picture) is Printed.UNREACHABLE, address


async def test_a_file_printer_keeps_every_ticket(tmp_path: Path) -> None:
    picture = raster.draw(paper())
    for _ in range(2):
        assert await printers.send(Target("file:kiosk", tmp_path), picture) is Printed.YES
    printed = (tmp_path / "kiosk.escpos").read_bytes()
    assert printed == printers.commands(picture) * 2
    assert printed.startswith(b"\x1dv0\x00" + bytes((raster.WIDTH_DOTS // 8, 0)))
