"""Devices over HTTP: a code once and for ten minutes, a key for one role, heard of, revoked."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from display import feed
from queue_service.flows.access import devices as flow
from queue_service.house import House
from queue_service.model.codes import CODE_ALPHABET
from queue_service.model.ids import CONFIGURATION
from queue_service.rights import Role
from queue_service.web import live, throttle
from queue_service.web.api import devices as api
from queue_service.web.api.devices import EnrolBody
from queue_service.web.lobby import HouseLobby
from tests.served import Hall, ask, client, counted
from tests.web.shapes import shaped
from tests.web.test_live import listening

DEVICES = "/api/v1/offices/heidelberg/devices"
ENROL = "/api/v1/devices/enrol"
BEAT = "/api/v1/devices/heartbeat"
CHECK_IN = "/api/v1/kiosk/check-ins"
WALK_IN = {"walk_in": {"service": "PICK"}}


def invite(hall: Hall, device: str, role: str = "tablet") -> dict[str, Any]:
    answer = hall.staff("manager").post(DEVICES, json={"device": device, "role": role})
    return dict(shaped("POST /offices/{office}/devices", answer))


def enrol(hall: Hall, code: str) -> httpx.Response:
    with client(hall.served) as somebody:
        return somebody.post(ENROL, json={"code": code})


def key_of(hall: Hall, device: str, role: str = "tablet") -> str:
    return str(enrol(hall, invite(hall, device, role)["code"]).json()["key"])


def listed(hall: Hall) -> dict[str, Any]:
    answer = hall.staff("manager").get(DEVICES)
    return {
        each["device"]: each for each in shaped("GET /offices/{office}/devices", answer)["devices"]
    }


def test_a_code_enrols_once_and_only_its_own_device(hall: Hall) -> None:
    invited = invite(hall, "tablet-1")
    assert re.fullmatch(f"[{CODE_ALPHABET}]{{8}}", invited["code"])
    until = datetime.fromisoformat(invited["until"])
    assert timedelta(minutes=9) < until - datetime.now(UTC) <= timedelta(minutes=10)
    assert listed(hall)["tablet-1"]["state"] == "invited"
    typed = f" {invited['code'][:4].lower()}-{invited['code'][4:]} "
    enrolled = enrol(hall, typed)
    said = shaped("POST /devices/enrol", enrolled)
    assert (said["device"], said["office"], said["role"]) == ("tablet-1", "heidelberg", "tablet")
    cookie = enrolled.headers["set-cookie"].lower()
    assert cookie.startswith("queue_device=")
    assert "httponly" in cookie
    again = enrol(hall, invited["code"])
    assert (again.status_code, again.json()["code"]) == (403, "wrong_enrolment")
    with client(hall.served, said["key"]) as tablet:
        assert tablet.post(CHECK_IN, json=WALK_IN).status_code == 201
    shown = listed(hall)["tablet-1"]
    assert (shown["state"], shown["warnings"]) == ("enrolled", ["stale"])


def test_a_code_is_over_after_ten_minutes_and_void_after_a_newer_one(hall: Hall) -> None:
    first, second = invite(hall, "tablet-2")["code"], invite(hall, "tablet-2")["code"]
    assert enrol(hall, first).status_code == 403
    ask(hall.served.city, "update enrolment set until = now() returning device")
    assert enrol(hall, second).status_code == 403
    assert "tablet-2" not in listed(hall)
    assert enrol(hall, invite(hall, "tablet-2")["code"]).status_code == 201


@pytest.mark.parametrize("code", ["", "22222222", "x" * 80, "ÄÖÜ23456", "2345 678", "\x00" * 8])
def test_made_up_codes_are_refused_alike(hall: Hall, code: str) -> None:
    answer = enrol(hall, code)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_enrolment")
    assert "set-cookie" not in answer.headers


async def test_codes_cannot_be_tried_out_quickly(house: House) -> None:
    state = SimpleNamespace(enrol_throttle=throttle.make(throttle.ENROLMENTS_PER_MINUTE, ""))
    request: Any = SimpleNamespace(
        app=SimpleNamespace(state=state), client=SimpleNamespace(host="192.0.2.7"), headers={}
    )
    invited = await flow.invite(
        house, "heidelberg", device="guessed", role=Role.KIOSK, by=CONFIGURATION
    )
    assert isinstance(invited, flow.Invited)
    guesses = [await api.enrol.fn(request, house, EnrolBody("22222222")) for _ in range(10)]
    assert {guess.status_code for guess in guesses} == {403}
    right = await api.enrol.fn(request, house, EnrolBody(invited.code))
    assert right.status_code == 429
    assert not right.cookies
    request.client = SimpleNamespace(host="192.0.2.8")
    elsewhere = await api.enrol.fn(request, house, EnrolBody(invited.code))
    assert elsewhere.status_code == 201


def test_codes_are_kept_only_as_keyed_hashes_and_leave_nothing_behind(hall: Hall) -> None:
    before = ask(hall.served.city, "select count(*) from directory")[0][0]
    code = invite(hall, "tablet-3")["code"]
    rows = ask(hall.served.city, "select * from enrolment")
    assert rows
    assert not any(code in str(value) for row in rows for value in row.values())
    assert enrol(hall, code).status_code == 201
    assert ask(hall.served.city, "select count(*) from directory")[0][0] == before


def test_inviting_again_lets_the_old_key_die_only_when_the_code_is_used(hall: Hall) -> None:
    old = key_of(hall, "tablet-4")
    code = invite(hall, "tablet-4", "kiosk")["code"]
    with client(hall.served, old) as device:
        assert device.post(BEAT, json={}).status_code == 200
        new = enrol(hall, code).json()
        assert device.post(BEAT, json={}).status_code == 401
    assert new["role"] == "kiosk"
    with client(hall.served, new["key"]) as device:
        assert device.post(BEAT, json={}).status_code == 200


def test_a_heartbeat_says_how_a_device_is(hall: Hall) -> None:
    with client(hall.served, key_of(hall, "kiosk-7", "kiosk")) as kiosk:
        said = {
            "version": "2026.11",
            "last_event": 0,
            "sound": "off",
            "sent": (datetime.now(UTC) + timedelta(minutes=3)).isoformat(),
            "paper": "low",
            "printer": "cover_open",
        }
        heard = shaped("POST /devices/heartbeat", kiosk.post(BEAT, json=said))
        assert heard["again_seconds"] == 60
        shown = listed(hall)["kiosk-7"]
        assert shown["version"] == "2026.11"
        assert shown["behind"] == heard["seq"]
        assert 170_000 < shown["offset_ms"] < 190_000
        assert shown["warnings"] == ["sound_off", "clock_off", "paper_low", "printer"]
        assert kiosk.post(BEAT, json={"sound": "on", "paper": "ok"}).status_code == 200
        assert listed(hall)["kiosk-7"]["warnings"] == []
        assert kiosk.post(BEAT, json={"paper": "out", "printer": "paper_out"}).status_code == 200
        assert listed(hall)["kiosk-7"]["warnings"] == ["paper_out"], "said once"
        ask(
            hall.served.city,
            "update heartbeat set seen = now() - interval '121 seconds' returning device",
        )
        assert listed(hall)["kiosk-7"]["warnings"] == ["stale"]


@pytest.mark.parametrize(
    "body",
    [{"free": "text"}, {"sound": "loud"}, {"printer": "it is broken!"}, {"sent": "2026-11-23"}],
)
def test_a_heartbeat_holds_no_free_text(hall: Hall, body: dict[str, str]) -> None:
    answer = hall.kiosk.post(BEAT, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


OPERATIONS: dict[str, tuple[str, str, dict[str, object] | None]] = {
    "beat": ("POST", BEAT, {}),
    "list": ("GET", DEVICES, None),
    "invite": ("POST", DEVICES, {"device": "matrix-9", "role": "kiosk"}),
    "revoke": ("DELETE", f"{DEVICES}/matrix-none", None),
    "check in": ("POST", CHECK_IN, {"code": "23456789"}),
    "next": ("POST", "/api/v1/desks/heidelberg.none/next", None),
    "book": ("GET", "/api/v1/offices/heidelberg/bookings?date=2026-11-23", None),
    "capacity": (
        "GET",
        "/api/v1/offices/heidelberg/capacity?from=2026-11-23&to=2026-11-23",
        None,
    ),
}
ALLOWED: dict[str, set[str]] = {
    "kiosk": {"beat", "check in"},
    "display": {"beat"},
    "tablet": {"beat", "check in"},
    "guide": {"check in", "book"},
    "clerk": {"check in", "next", "book"},
    "case_worker": {"next", "book"},
    "manager": {"list", "invite", "revoke", "check in", "next", "book", "capacity"},
}


@pytest.fixture(scope="module")
def somebody(hall: Hall, stuttgart: Hall) -> dict[str, httpx.Client]:
    """A client for each role of Heidelberg, and of Stuttgart with a prefix."""
    found = {}
    for at, prefix in ((hall, ""), (stuttgart, "foreign ")):
        office = at.office
        for role in ("kiosk", "display", "tablet"):
            wish = {"device": f"matrix-{role}", "role": role}
            invited = at.staff("manager").post(f"/api/v1/offices/{office}/devices", json=wish)
            found[prefix + role] = at.client(enrol(at, invited.json()["code"]).json()["key"])
        for role in ("guide", "clerk", "case_worker", "manager"):
            found[prefix + role] = at.staff(role)
    return found


@pytest.mark.parametrize("role", ALLOWED)
def test_each_role_opens_its_own_operations_and_no_other(
    somebody: dict[str, httpx.Client], role: str
) -> None:
    for name, (method, path, body) in OPERATIONS.items():
        answer = somebody[role].request(method, path, json=body)
        refused = answer.status_code in (401, 403) and answer.json()["code"] == "not_allowed"
        assert refused is (name not in ALLOWED[role]), (name, answer.text)


@pytest.mark.parametrize("role", ALLOWED)
def test_another_offices_key_opens_nothing_here(
    hall: Hall, somebody: dict[str, httpx.Client], role: str
) -> None:
    before = counted(hall.served.city)
    for name, (method, path, body) in OPERATIONS.items():
        if name in ("beat", "check in"):
            continue  # These name no office: the key does.
        answer = somebody[f"foreign {role}"].request(method, path, json=body)
        assert answer.json()["code"] == "not_allowed", (name, answer.text)
    assert counted(hall.served.city) == before


def test_a_revoked_tablet_is_a_stranger_at_once(hall: Hall) -> None:
    with client(hall.served, key_of(hall, "lost")) as tablet:
        assert tablet.post(CHECK_IN, json=WALK_IN).status_code == 201
        answer = hall.staff("manager").delete(f"{DEVICES}/lost")
        shaped("DELETE /offices/{office}/devices/{device}", answer)
        assert tablet.post(CHECK_IN, json=WALK_IN).status_code == 401
        assert tablet.post(BEAT, json={}).status_code == 401
        tablet.cookies.set("queue_device", tablet.headers["Authorization"].partition(" ")[2])
        assert tablet.get("/de/kiosk").status_code == 403
    assert listed(hall)["lost"]["state"] == "revoked"
    assert hall.staff("manager").delete(f"{DEVICES}/nobody").json()["code"] == "unknown_device"


def test_revoking_takes_a_code_back_that_was_not_used_yet(hall: Hall) -> None:
    code = invite(hall, "never")["code"]
    assert hall.staff("manager").delete(f"{DEVICES}/never").status_code == 204
    assert enrol(hall, code).status_code == 403


def test_a_code_typed_on_the_device_leads_to_its_screen(hall: Hall) -> None:
    for role, there in (("kiosk", "/de/kiosk"), ("display", "/board/heidelberg.typed-display")):
        code = invite(hall, f"typed-{role}", role)["code"]
        with client(hall.served) as browser:
            assert "one-time-code" in browser.get("/de/enrol").text
            wrong = browser.post("/de/enrol", data={"code": "22222222"})
            assert wrong.status_code == 403
            assert 'role="alert"' in wrong.text
            answer = browser.post("/de/enrol", data={"code": f"{code[:4]} {code[4:]}"})
            assert (answer.status_code, answer.headers["location"]) == (303, there)
            assert browser.get(there).status_code == 200


def test_managers_invite_and_revoke_on_the_console(hall: Hall) -> None:
    place = "/de/console/heidelberg/devices"
    with client(hall.served) as browser:
        assert browser.get(place).status_code == 303
        browser.cookies.set("queue_staff", hall.token("clerk"))
        assert browser.get(place).status_code == 403
        browser.cookies.set("queue_staff", hall.token("manager"))
        assert browser.post(place, data={"device": "A b", "role": "kiosk"}).status_code == 422
        assert browser.post(place, data={"device": "k", "role": "manager"}).status_code == 422
        shown = browser.post(place, data={"device": "paper-1", "role": "tablet"})
        code = re.search(r'console-code"><bdi dir="ltr">(\w{4} \w{4})<', shown.text)
        assert code is not None
        assert code[1] not in browser.get(place).text
        assert enrol(hall, code[1]).status_code == 201
        assert browser.post(f"{place}/paper-1/revoke").status_code == 303
        assert browser.post(f"{place}/paper-2/revoke").status_code == 404


async def test_the_stream_of_a_revoked_screen_ends(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    lobby: Any = HouseLobby(house)
    await flow.admit(house, "heidelberg", device="board-9", role=Role.DISPLAY)
    nobody: Any = None
    app = await feed.stream.fn(nobody, lobby, "heidelberg.board-9", None)
    async with listening(app) as screen:
        assert await screen.hears(1)
        assert not screen.ended.is_set()
        assert await flow.revoke(house, "heidelberg", "board-9")
        async with asyncio.timeout(60):
            await screen.ended.wait()
    assert not await lobby.enrolled("heidelberg.board-9")


async def test_a_screen_goes_on_while_the_database_is_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lobby = HouseLobby(house)

    async def away(_display: str) -> bool:
        raise ConnectionRefusedError

    assert not await lobby.stays("heidelberg.board-nowhere")
    monkeypatch.setattr(lobby, "enrolled", away)
    assert await lobby.stays("heidelberg.board-1")
