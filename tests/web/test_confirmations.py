"""Signed confirmations over HTTP: pictures, the public page, keys, and the kiosk's own check."""

import re
from base64 import urlsafe_b64decode

import pytest
import zxingcpp

from queue_service.kiosk.signed import PublicKey, verify
from queue_service.model.codes import TOKEN_ALPHABET
from queue_service.seals import sealed
from tests.served import Hall, ask, instant
from tests.web.shapes import shaped
from tests.web.test_kiosk import check_in


def signed_of(hall: Hall, booking: dict[str, str]) -> str:
    """What the picture on the confirmation page carries."""
    shown = hall.anyone.get(f"/en/b/{booking['code']}/{booking['secret']}").text
    [text] = set(re.findall(rf"/qr/([{TOKEN_ALPHABET}]{{128}})\.svg", shown))
    return str(text)


def verdict(hall: Hall, text: str, office: str = "") -> str:
    asked = f"/api/v1/confirmations/{text}" + (f"?office={office}" if office else "")
    return str(shaped("GET /confirmations/{signed}", hall.anyone.get(asked))["verdict"])


def altered(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def test_a_confirmation_verifies_with_nothing_but_the_published_keys(hall: Hall) -> None:
    booking = hall.book_soon()
    text = signed_of(hall, booking)
    told = hall.anyone.get(f"/api/v1/offices/{hall.office}/keys")
    assert told.headers["etag"]
    known = shaped("GET /offices/{office}/keys", told)
    ring = [
        PublicKey(
            known["office"],
            key["number"],
            urlsafe_b64decode(key["public_key"] + "="),
            *(instant(key[name]) for name in ("signs_from", "signs_until", "expires")),
        )
        for key in known["keys"]
    ]
    start = instant(booking["start"])
    found = verify(text, ring, check=sealed, now=start)
    assert (found.verdict, found.code, found.start) == ("genuine", booking["code"], start)
    assert verify(altered(text), ring, check=sealed, now=start).verdict == "altered"


def test_the_page_says_what_was_signed_and_nothing_about_the_person(hall: Hall) -> None:
    booking = hall.book_soon()
    text = signed_of(hall, booking)
    scanned = hall.anyone.get(f"/V/{text}", headers={"accept-language": "ar"})
    assert scanned.headers["location"] == f"/ar/verify/{text}"
    page = hall.anyone.get(f"/en/verify/{text}")
    assert page.status_code == 200
    assert "This confirmation is genuine" in page.text
    assert booking["code"] not in page.text.replace(text, "")
    assert booking["secret"] not in page.text
    wrong = hall.anyone.get(f"/de/verify/{altered(text)}")
    assert "keine Bestätigung von uns" in wrong.text
    assert "kern-alert--danger" in wrong.text
    assert "kern-alert--success" in page.text


def test_what_happened_since_is_told(hall: Hall) -> None:
    booking = hall.book_soon()
    text = signed_of(hall, booking)
    assert verdict(hall, text) == "genuine"
    other = "heidelberg" if hall.office != "heidelberg" else "stuttgart"
    assert verdict(hall, text, other) == "other_office"
    bearer = {"Authorization": f"Bearer {booking['secret']}"}
    gone = hall.anyone.delete(f"/api/v1/bookings/{booking['code']}", headers=bearer)
    assert gone.status_code == 200, gone.text
    assert verdict(hall, text) == "cancelled"
    assert verdict(hall, altered(text)) == "altered"
    assert verdict(hall, "nonsense") == "altered"


def test_a_moved_appointment_has_a_newer_confirmation(hall: Hall) -> None:
    booking = hall.book()
    old = signed_of(hall, booking)
    start = next(s for s in hall.free() if s != booking["start"])
    bearer = {"Authorization": f"Bearer {booking['secret']}"}
    path = f"/api/v1/bookings/{booking['code']}/move"
    moved = hall.anyone.post(path, json={"start": start}, headers=bearer)
    assert moved.status_code == 200, moved.text
    new = signed_of(hall, moved.json())
    assert (verdict(hall, old), verdict(hall, new)) == ("moved", "genuine")


def test_the_kiosk_takes_the_signed_picture_and_then_it_is_used(hall: Hall) -> None:
    booking = hall.book_soon()
    text = signed_of(hall, booking)
    link = f"HTTPSÖ--TERMINE:EXAMPLE-V-{text}"
    given = check_in(hall, link)
    assert given.status_code == 201, given.text
    assert check_in(hall, booking["code"]).json()["number"] == given.json()["number"]
    assert verdict(hall, text) == "used"


def test_the_kiosk_refuses_an_altered_picture_and_gives_no_number(hall: Hall) -> None:
    booking = hall.book_soon()
    before = ask(hall.served.city, "select count(*) from visit")[0][0]
    refused = check_in(hall, altered(signed_of(hall, booking)))
    assert (refused.status_code, refused.json()["code"]) == (409, "altered")
    assert ask(hall.served.city, "select count(*) from visit")[0][0] == before
    assert check_in(hall, booking["code"]).status_code == 201


def test_what_a_scanner_typed_into_the_field_leads_to_the_verdict(hall: Hall) -> None:
    text = signed_of(hall, hall.book_soon())
    asked = hall.anyone.get("/de/verify", params={"code": f"HTTPSÖ--X-V-{text}"})
    assert (asked.status_code, asked.headers["location"]) == (303, f"/de/verify/{text}")
    assert hall.anyone.get("/de/verify").status_code == 200


@pytest.mark.parametrize("path", ["/qr/{}.svg", "/V/{}", "/de/verify/{}", "/xx/verify/{}"])
@pytest.mark.parametrize("text", ["A" * 128, "-", "%00", "x" * 3_000, "ß"])
def test_odd_confirmations_never_fail(hall: Hall, path: str, text: str) -> None:
    assert hall.anyone.get(path.format(text)).status_code < 500


def test_keys_of_an_unknown_office_are_refused(hall: Hall) -> None:
    answer = hall.anyone.get("/api/v1/offices/nowhere/keys")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_office")
    answer = hall.anyone.get("/api/v1/confirmations/X?office=nowhere")
    assert answer.status_code == 404


def test_the_picture_on_the_page_is_read_back(hall: Hall) -> None:
    text = signed_of(hall, hall.book_soon())
    svg = hall.anyone.get(f"/qr/{text}.svg").text
    side = int(re.findall(r'viewBox="0 0 (\d+)', svg)[0])
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1", svg)}
    zoom = range(4 * side)
    grey = bytes(0 if (x // 4, y // 4) in dark else 255 for y in zoom for x in zoom)
    [found] = zxingcpp.read_barcodes(memoryview(grey).cast("B", (4 * side, 4 * side)))
    assert found.text.endswith(f"/V/{text}")
    assert found.text == found.text.upper()
