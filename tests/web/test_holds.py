"""Holds, as the public contract gives them: once, for a time, to whoever has the secret."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx

from tests.served import Hall, ask, full_start, instant, own, soon


def test_a_hold_is_given_with_the_time_it_ends(hall: Hall) -> None:
    start = hall.free()[0]
    answer = hall.ask_hold(start)
    held = answer.json()
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert held["hold"].startswith("heidelberg.")
    assert len(held["secret"]) == 26
    assert held["start"] == start
    assert instant(held["end"]) - instant(start) == timedelta(minutes=10)
    newest = "select recorded from journal where tag = 'held' order by seq desc limit 1"
    told = ask(hall.served.city, newest)
    assert instant(held["expires_at"]) - told[0][0] == timedelta(minutes=10)
    assert held["extensions_left"] >= 10


def test_who_comes_too_late_gets_three_alternatives(hall: Hall) -> None:
    start = full_start(hall)
    refused = hall.ask_hold(start, "TRAN")
    said = refused.json()
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert said["code"] == "slot_full"
    assert len(said["alternatives"]) == 3
    distances = [abs(instant(each["start"]) - instant(start)) for each in said["alternatives"]]
    assert max(distances) <= timedelta(hours=3)
    free = {instant(each) for each in hall.free("TRAN")}
    assert {instant(each["start"]) for each in said["alternatives"]} <= free
    for each in said["alternatives"]:
        assert each["places"] >= 1
        assert instant(each["end"]) > instant(each["start"])
    taken = hall.ask_hold(said["alternatives"][0]["start"], "TRAN")
    assert taken.status_code == 201


def test_a_hundred_at_once_get_one_place(hall: Hall) -> None:
    start = hall.free("LOSS")[-1]
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda _: hall.ask_hold(start, "LOSS"), range(100)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 99
    losers = [answer.json() for answer in answers if answer.status_code == 409]
    assert {loser["code"] for loser in losers} == {"slot_full"}
    assert all(loser["alternatives"] for loser in losers)


def test_the_same_key_gets_the_same_hold(hall: Hall) -> None:
    start = hall.free("BIO")[0]
    first, again = (
        hall.ask_hold(start, "BIO", **{"Idempotency-Key": "same wish, again"}) for _ in range(2)
    )
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = hall.ask_hold(hall.free("BIO")[-1], "BIO", **{"Idempotency-Key": "same wish, again"})
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_a_key_used_at_once_makes_one_hold(hall: Hall) -> None:
    start = hall.free("DOCS")[0]
    before = ask(hall.served.city, "select count(*) from booking")[0][0]
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda _: hall.ask_hold(start, "DOCS", **{"Idempotency-Key": "all of us, at once"}),
                range(16),
            )
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["hold"] for answer in answers}) == 1
    assert ask(hall.served.city, "select count(*) from booking")[0][0] == before + 1


def test_a_refusal_is_decided_anew_for_the_same_key(hall: Hall) -> None:
    start = hall.free("APPL")[-2]
    taken = hall.ask_hold(start, "APPL").json()
    key = {"Idempotency-Key": "please try me again"}
    assert hall.ask_hold(start, "APPL", **key).status_code == 409
    freed = hall.anyone.delete(f"/api/v1/holds/{taken['hold']}", headers=own(taken))
    assert freed.status_code == 204
    soon(lambda: hall.ask_hold(start, "APPL", **key).status_code, lambda code: code == 201)


def test_a_hold_can_be_extended_ten_times(hall: Hall) -> None:
    held = hall.hold("FIKT")
    until = instant(held["expires_at"])
    for _ in range(10):
        answer = hall.anyone.post(f"/api/v1/holds/{held['hold']}/extend", headers=own(held))
        assert answer.status_code == 200, answer.text
        later = instant(answer.json()["expires_at"])
        assert later - until == timedelta(minutes=5)
        until = later
    while (
        answer := hall.anyone.post(f"/api/v1/holds/{held['hold']}/extend", headers=own(held))
    ).status_code == 200:
        assert instant(answer.json()["expires_at"]) > until
    assert answer.json()["code"] == "hold_cap_reached"


def test_repeating_an_extension_extends_once(hall: Hall) -> None:
    held = hall.hold("FIKT")
    headers = own(held) | {"Idempotency-Key": "five more"}
    path = f"/api/v1/holds/{held['hold']}/extend"
    first, again = (hall.anyone.post(path, headers=headers).json() for _ in range(2))
    assert first == again


def test_another_secret_neither_extends_nor_releases(hall: Hall) -> None:
    held, other = hall.hold(), hall.hold()
    path = f"/api/v1/holds/{held['hold']}"
    for headers in ({}, own(other)):
        for answer in (
            hall.anyone.post(f"{path}/extend", headers=headers),
            hall.anyone.delete(path, headers=headers),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "wrong_secret")
    assert hall.confirm(held).status_code == 201


def test_a_short_key_counts_for_its_address_alone(hall: Hall) -> None:
    start = hall.free("BIO")[1]
    first, again = (hall.ask_hold(start, "BIO", **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert first.status_code == 201
    assert again.json() == first.json()
    elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(base_url=hall.served.url, transport=elsewhere) as stranger:
        wish = {"services": [{"service": "BIO", "persons": 1}], "start": start, "language": "en"}
        path = f"/api/v1/offices/{hall.office}/holds"
        answer = stranger.post(path, json=wish, headers={"Idempotency-Key": "k1"})
    assert answer.json().get("secret") != first.json()["secret"]
