"""Numbers for the hour without network over HTTP: who gets them, and what is told afterwards."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.city import BEGIN, set_clocks
from tests.served import Hall, ask
from tests.web.shapes import shaped
from tests.web.test_kiosk import CHECK_INS

BLOCK = "/api/v1/kiosk/block"
KEEPER = str(uuid4())


def block(hall: Hall) -> dict[str, Any]:
    return dict(shaped("GET /kiosk/block", hall.kiosk.get(BLOCK, params={"keeper": KEEPER})))


def claim(kept: dict[str, Any], place: int) -> dict[str, Any]:
    each = kept["numbers"][place]
    return {
        "block": kept["block"],
        "place": each["place"],
        "number": each["number"],
        "key": kept["key"],
        "signature": each["signature"],
        "happened": kept["now"],
    }


def test_a_kiosk_gets_at_least_a_hundred_numbers_and_everything_to_act_alone(hall: Hall) -> None:
    kept = block(hall)
    assert kept == block(hall) | {"now": kept["now"]}
    assert len(kept["numbers"]) >= 100
    services = {each["service"] for each in kept["services"]}
    assert "PICK" in services
    assert "EMER" not in services, "emergencies are a guide's"
    keys = hall.anyone.get(f"/api/v1/offices/{hall.office}/keys").json()["keys"]
    assert [k["public_key"] for k in kept["keys"]] == [k["public_key"] for k in keys]


def test_only_devices_keep_numbers(hall: Hall) -> None:
    asked = {"keeper": KEEPER}
    assert hall.anyone.get(BLOCK, params=asked).status_code == 401
    assert hall.staff("guide").get(BLOCK, params=asked).status_code == 403
    assert hall.client(hall.links.board.key).get(BLOCK, params=asked).status_code == 403
    assert hall.kiosk.get(BLOCK).status_code in (400, 422)
    assert hall.kiosk.get(BLOCK, params={"keeper": "me"}).status_code in (400, 422)
    far = hall.kiosk.get(BLOCK, params=asked | {"day": "2027-11-23"})
    assert (far.status_code, far.json()["code"]) == (422, "invalid")


def test_what_is_told_afterwards_keeps_number_and_ticket(hall: Hall) -> None:
    kept = block(hall)
    wish = {"walk_in": {"service": "PICK", "language": "ar"}, "offline": claim(kept, 0)}
    first, again = (
        shaped("POST /kiosk/check-ins", hall.kiosk.post(CHECK_INS, json=wish)) for _ in range(2)
    )
    number = kept["numbers"][0]
    for each in (first, again):
        assert (each["number"], each["ticket"]) == (number["number"], number["ticket"])
    assert hall.anyone.get(f"/api/v1/tickets/{number['ticket']}").json()["language"] == "ar"
    found = ask(hall.served.city, "select id from visit where number = $1", number["number"])
    assert len(found) == 1
    slow = claim(kept, 1) | {"happened": BEGIN.replace(hour=3).isoformat()}
    told = hall.kiosk.post(CHECK_INS, json={"walk_in": {"service": "PICK"}, "offline": slow})
    assert told.status_code == 201, "a clock that is hours slow takes nobody's number away"


def test_before_the_doors_open_one_learns_from_when_numbers_are_given(hall: Hall) -> None:
    set_clocks(hall.served.city, BEGIN.replace(hour=4))
    try:
        refused = hall.kiosk.post(CHECK_INS, json={"walk_in": {"service": "PICK"}}).json()
    finally:
        set_clocks(hall.served.city)
    begins = datetime.fromisoformat(refused["numbers_from"])
    assert (refused["code"], begins.date()) == ("closed", BEGIN.date())
    assert begins.strftime("%H:%M") in refused["detail"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"number": "X999"}, 404, "unknown_number"),
        ({"signature": "!"}, 404, "unknown_number"),
        ({"signature": "A"}, 404, "unknown_number"),
        ({"block": str(uuid4())}, 404, "unknown_number"),
        ({"place": 9_999}, 404, "unknown_number"),
    ],
)
def test_what_was_never_kept_is_not_believed(
    hall: Hall, change: dict[str, Any], status: int, code: str
) -> None:
    told = claim(block(hall), 5) | change
    answer = hall.kiosk.post(CHECK_INS, json={"walk_in": {"service": "PICK"}, "offline": told})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_emergencies_and_second_scans_are_refused_without_data(hall: Hall) -> None:
    kept, code = block(hall), hall.book_soon()["code"]
    emergency = {"walk_in": {"service": "EMER"}, "offline": claim(kept, 6)}
    refused = hall.kiosk.post(CHECK_INS, json=emergency).json()
    assert refused["code"] == "emergency_needs_guide"
    given = hall.kiosk.post(CHECK_INS, json={"code": code}).json()
    told = hall.kiosk.post(CHECK_INS, json={"code": code, "offline": claim(kept, 7)})
    assert told.json()["code"] == "already_checked_in"
    assert given["number"] not in told.text
    assert given["ticket"] not in told.text


def test_all_that_a_kiosk_takes_along_fits_its_budget(hall: Hall) -> None:
    def size(path: str, **params: str) -> int:
        with hall.kiosk.stream("GET", path, params=params) as answer:
            assert answer.status_code == 200, path
            return sum(len(part) for part in answer.iter_raw())

    page = hall.kiosk.get("/de/kiosk", headers={"Cookie": f"queue_device={hall.links.kiosk.key}"})
    release = page.text.partition("/static/")[2].partition("/")[0]
    scripts = ("kiosk.js", "device.js", "shell.js", "offline.js", "numbers.js", "outbox.js")
    of_scripts = sum(size(f"/static/{release}/{name}") for name in scripts)
    assert of_scripts <= 12_288
    more = (
        "app.css",
        "kiosk.css",
        "qr.js",
        "guide.css",
        "guide.js",
        "guide_alone.js",
        "guide_shell.js",
    )
    assert (
        len(page.content)
        + of_scripts
        + sum(size(f"/static/{release}/{name}") for name in more)
        + 2 * size(BLOCK, keeper=KEEPER)
        + size("/worker.js")
        <= 120_000
    )


def test_the_shell_is_for_devices_and_holds_every_language(hall: Hall) -> None:
    with_key = {"Cookie": f"queue_device={hall.links.kiosk.key}"}
    shell = hall.anyone.get("/kiosk/offline", headers=with_key)
    for lang in ("de", "en", "ar", "uk", "de_simple"):
        assert f'data-lang="{lang}"' in shell.text
    assert len(shell.content) > 4 * int(shell.headers["content-length"]), "sent packed"
    assert hall.anyone.get("/kiosk/offline").status_code == 403
    worker = hall.anyone.get("/worker.js")
    assert worker.text.startswith("const RELEASE = ")
    assert worker.headers["cache-control"] == "no-cache"


def test_what_did_not_come_out_of_the_printer_stands_large_on_the_screen(hall: Hall) -> None:
    kiosk = hall.client()
    kiosk.cookies.set("queue_device", hall.links.kiosk.key)
    said = {"service": "PICK", "persons": "2", "idempotency_key": str(uuid4())}
    shown = kiosk.post("/de/kiosk/check-in", data=said, follow_redirects=True)
    assert "Ihre Nummer ist" in shown.text
    failed = kiosk.post("/de/kiosk/print", follow_redirects=True)
    assert str(failed.url).endswith("/de/kiosk/done?printed=unreachable")
    assert "kiosk-ticket--alone" in failed.text
    assert 'data-printed="unreachable"' in failed.text
    assert "printed=" not in kiosk.get("/de/kiosk/done?printed=<script>").text
