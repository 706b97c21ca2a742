"""Signing in and out, by program and by browser; what a session opens and when it ends."""

import time
from datetime import timedelta

import argon2
import httpx
import pytest

from queue_service.flows.access import sessions
from tests.served import Hall, ask, client

SESSIONS = "/api/v1/sessions"
DESK = "/api/v1/desks/heidelberg.1"


def sign_in(hall: Hall, login: str, password: str) -> httpx.Response:
    with client(hall.served) as somebody:
        return somebody.post(SESSIONS, json={"login": login, "password": password})


def test_a_session_is_a_token_and_a_cookie(hall: Hall) -> None:
    answer = sign_in(hall, "clerk@heidelberg", "guten-morgen")
    said = answer.json()
    assert answer.status_code == 201
    assert (said["login"], said["office"], said["roles"]) == (
        "clerk@heidelberg",
        "heidelberg",
        ["clerk"],
    )
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("queue_staff=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert answer.headers["cache-control"] == "no-store"
    with client(hall.served) as browser:
        browser.cookies.set("queue_staff", said["token"])
        assert browser.get(DESK).status_code == 200
    with client(hall.served, said["token"]) as program:
        assert program.get(DESK).status_code == 200


def test_tokens_are_kept_only_as_hashes(hall: Hall) -> None:
    token = hall.token("clerk")
    rows = ask(hall.served.city, "select * from session")
    kept = [str(value) for row in rows for value in row.values()]
    assert rows
    assert not any(token in value or token.partition(".")[2] in value for value in kept)
    passwords = ask(hall.served.city, "select password from staff")
    assert all(row["password"].startswith("$argon2id$") for row in passwords)


def test_signing_out_ends_the_session_everywhere(hall: Hall) -> None:
    token = hall.token("clerk")
    with client(hall.served, token) as somebody:
        assert somebody.get(DESK).status_code == 200
        assert somebody.delete(SESSIONS).status_code == 204
        assert somebody.get(DESK).status_code == 401
        assert somebody.delete(SESSIONS).status_code == 204


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("clerk@heidelberg", "good-morning"),
        ("nobody@heidelberg", "guten-morgen"),
        ("", ""),
        ("clerk@heidelberg", ""),
        ("clerk@heidelberg\x00", "guten-morgen"),
        ("' or 1=1 --", "x"),
        ("clerk@heidelberg", "x" * 1000),
    ],
)
def test_wrong_logins_are_all_alike(hall: Hall, login: str, password: str) -> None:
    answer = sign_in(hall, login, password)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_login")
    assert "set-cookie" not in answer.headers


def test_who_is_unknown_has_a_hash_like_everybody_elses() -> None:
    assert not sessions._hasher.check_needs_rehash(sessions._UNKNOWN)


def test_an_unknown_login_takes_as_long_as_a_wrong_password(hall: Hall) -> None:
    # Everybody else in the city has a hash that is quick to check.
    real = argon2.PasswordHasher().hash("guten-morgen")
    found = "update staff set password = $1 where login = 'clerk@stuttgart' returning id"
    assert len(ask(hall.served.city, found, real)) == 1

    def seconds(login: str) -> float:
        took = []
        for _ in range(3):
            begun = time.perf_counter()
            sign_in(hall, login, "wrong-password")
            took.append(time.perf_counter() - begun)
        return min(took)

    assert seconds("nobody@heidelberg") > seconds("clerk@stuttgart") / 4


@pytest.mark.parametrize(
    "credential",
    [
        "nonsense",
        "1.nonsense",
        "1.",
        ".",
        "99999.x",
        "9" * 30 + ".x",
        "D1X1X" + "0" * 26,
        "x" * 5000,
    ],
)
def test_a_made_up_credential_opens_nothing(hall: Hall, credential: str) -> None:
    with client(hall.served, credential) as somebody:
        answer = somebody.get(DESK)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    with client(hall.served) as browser:
        browser.cookies.set("queue_staff", credential)
        assert browser.get(DESK).status_code == 401


def test_a_session_ends_after_a_working_day(hall: Hall) -> None:
    token = hall.token("clerk")
    with client(hall.served, token) as somebody:
        assert somebody.get(DESK).status_code == 200
        ends = ask(hall.served.city, "select max(until) - now() from session")[0][0]
        assert timedelta(hours=11) < ends <= timedelta(hours=12)
        ask(hall.served.city, "update session set until = now() returning until")
        assert somebody.get(DESK).status_code == 401


def test_a_browser_whose_session_ended_is_told_so_where_it_signs_in_again(hall: Hall) -> None:
    ended = "Ihre Sitzung ist beendet"
    with client(hall.served) as browser:
        assert ended not in browser.get("/de/staff").text
        sign_in_here = {"login": "clerk@heidelberg", "password": "guten-morgen"}
        assert browser.post("/de/staff", data=sign_in_here).status_code == 303
        assert browser.get("/de/staff").status_code == 200
        ask(hall.served.city, "update session set until = now() returning until")
        console = browser.get("/de/console/heidelberg/capacity")
        assert console.headers["location"] == "/de/staff"
        again = browser.get("/de/staff")
        assert (again.status_code, ended in again.text) == (401, True)
        assert 'name="password"' in again.text
        assert browser.post("/de/staff", data=sign_in_here).status_code == 303
        assert ended not in browser.get("/de/staff").text
        browser.post("/de/staff/out")
        assert ended not in browser.get("/de/staff").text


def test_somebody_who_left_is_out_at_once(hall: Hall) -> None:
    token = hall.token("guide")
    path = "/api/v1/kiosk/check-ins"
    with client(hall.served, token) as guide:
        assert guide.post(path, json={"code": "23456789"}).status_code == 404
        ask(
            hall.served.city,
            "update staff set active = false where login = 'guide@heidelberg' returning id",
        )
        assert guide.post(path, json={"code": "23456789"}).status_code == 401
    answer = sign_in(hall, "guide@heidelberg", "guten-morgen")
    assert answer.json()["code"] == "wrong_login"


def test_a_session_that_is_remembered_is_still_looked_at_by_every_act(hall: Hall) -> None:
    token = hall.token("clerk")
    with client(hall.served, token) as desk:

        def press(counter: str = "heidelberg.1") -> tuple[int, str]:
            answer = desk.post(f"/api/v1/desks/{counter}/next", headers={"idempotency-key": "k"})
            return answer.status_code, answer.json()["code"] if answer.is_error else ""

        def changed(statement: str) -> None:
            assert ask(hall.served.city, f"update {statement} returning 1")

        hall.walk_in()
        assert press() == (200, "")
        changed("staff set roles = '{guide}' where login = 'clerk@heidelberg'")
        assert press() == (403, "not_allowed"), "the stored answer is none of theirs any more"
        changed("staff set roles = '{clerk}' where login = 'clerk@heidelberg'")
        assert press() == (200, "")
        assert press("heidelberg.nowhere") == (404, "unknown_counter")
        changed("session set until = now()")
        assert press() == (401, "not_signed_in")
        assert press("heidelberg.nowhere") == (401, "not_signed_in")
