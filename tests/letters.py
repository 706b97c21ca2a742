"""One letter's facts: an appointment in Heidelberg, told in any language; and how it is read."""

import zlib
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import zxingcpp
from icalendar import Calendar, Event

from queue_service.language import LANGUAGES
from queue_service.model.booking import Booking, BookingState, Part
from queue_service.model.ids import BookingId, ServiceCode
from queue_service.model.office import BookingRules, Office, Place, Service
from queue_service.notify.letters import Facts

CODE = "K7M2P9QX"
PICKUP = ServiceCode("eat-pickup")
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Office(
    slug="heidelberg",
    authority="heidelberg",
    name={
        "de": "Ausländerbehörde",
        "en": "Immigration office",
        "uk": "Відомство у справах іноземців",
        "ar": "دائرة الأجانب",
        "tr": "Yabancılar Dairesi",
        "ru": "Ведомство по делам иностранцев",
        "fr": "Office des étrangers",
        "fa": "اداره امور خارجیان",
    },
    zone="Europe/Berlin",
    land="BW",
    ags="08221000",
    place=Place("Bergheimer Straße 69", "69115", "Heidelberg", way={"de": "Linie 22"}),
    languages=LANGUAGES,
    services=(
        Service(
            code=PICKUP,
            name={
                "de": "Abholung",
                "de_simple": "Karte abholen",
                "en": "Card pickup",
                "uk": "Отримання картки",
                "ar": "استلام البطاقة",
                "tr": "Kart teslimi",
                "ru": "Получение карты",
                "fr": "Retrait de la carte",
                "fa": "دریافت کارت",
            },
            minutes_first=10,
            minutes_next=5,
            group="pickup",
            bring=(
                {
                    "de": "Reisepass",
                    "de_simple": "Ihr Pass",
                    "en": "Passport",
                    "uk": "Паспорт",
                    "ar": "جواز السفر",
                    "tr": "Pasaport",
                    "ru": "Паспорт",
                    "fr": "Passeport",
                    "fa": "گذرنامه",
                },
                {"de": "PIN-Brief"},
            ),
        ),
    ),
    counters=(),
    limits=(),
    hours=(),
    booking=BookingRules(early_minutes=60),
)


def facts(**changes: object) -> Facts:
    start = datetime(2026, 11, 25, 9, 30, tzinfo=BERLIN)
    booking = Booking(
        BookingId(UUID(int=7)),
        BookingState.BOOKED,
        start.astimezone(UTC),
        (start + timedelta(minutes=15)).astimezone(UTC),
        (Part(PICKUP, 2),),
        (),
        "de",
        code=CODE,
    )
    usual = Facts(
        booking=booking,
        office=OFFICE,
        sequence=41,
        written=datetime(2026, 11, 20, 8, tzinfo=UTC),
        base_url="https://termine.example",
        sender="termine@example.org",
        email="amal@example.org",
        name="Amal Öztürk",
        secret="S3CRET",
        pin="123456",
    )
    return msgspec.structs.replace(usual, **changes)


def speaking(language: str) -> Facts:
    usual = facts()
    return facts(booking=msgspec.structs.replace(usual.booking, language=language))


def event_of(ics: bytes) -> Event:
    whole = Calendar.from_ical(ics)
    assert not whole.errors
    [event] = whole.events
    assert not event.errors
    return event


def pixels(png: bytes) -> memoryview:
    """The picture as one byte a pixel; our own PNGs have one bit a pixel and no filter."""
    side = int.from_bytes(png[16:20])
    length = int.from_bytes(png[33:37])
    assert png[37:41] == b"IDAT"
    rows = zlib.decompress(png[41 : 41 + length])
    width = 1 + (side + 7) // 8
    grey = bytearray()
    for row in range(side):
        bits = int.from_bytes(rows[row * width + 1 : (row + 1) * width])
        grey += bytes(255 if b == "1" else 0 for b in f"{bits:0{(width - 1) * 8}b}"[:side])
    return memoryview(bytes(grey)).cast("B", (side, side))


def read(png: bytes) -> zxingcpp.Barcode:
    [found] = zxingcpp.read_barcodes(pixels(png), formats=zxingcpp.BarcodeFormat.QRCode)
    return found
