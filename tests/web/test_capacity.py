"""Managers over HTTP: capacity read with an ETag, previewed, changed and taken back."""

import html
import re
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from queue_service.web.api.answers.capacity import CAPACITY_ANSWERS
from tests.served import Hall, instant

CAPACITY = "/api/v1/offices/heidelberg/capacity"
PAGE = "/en/console/heidelberg/capacity"


@pytest.fixture
def manager(hall: Hall) -> Iterator[httpx.Client]:
    """A manager; every layer of a test is taken back."""
    hall.clear()
    somebody = hall.staff("manager")
    yield somebody
    for layer in somebody.get(CAPACITY).json()["layers"]:
        somebody.delete(f"{CAPACITY}/layers/{layer['layer']}")


def days(hall: Hall) -> tuple[str, str]:
    """A day with free times, and a limit that pickups take from."""
    start = hall.free("PICK")[-1]
    return start[:10], start


def shaped(answer: httpx.Response, name: str) -> None:
    """The answer is what the document says."""
    status, kind = CAPACITY_ANSWERS[name]
    assert answer.status_code == status
    assert kind is not None
    msgspec.json.decode(answer.content, type=kind)


def pickup_limit(manager: httpx.Client) -> str:
    limits = manager.get(CAPACITY).json()["limits"]
    return next(x["limit"] for x in limits if x["period"] == "tick" and x["taker"] == "booking")


def of_day(manager: httpx.Client, day: str, limit: str) -> dict[str, Any]:
    told = manager.get(CAPACITY, params={"from": day, "to": day, "cells": "true"}).json()
    [found] = [x for x in told["limits"] if x["limit"] == limit]
    [of] = found["days"]
    assert isinstance(of, dict)
    return of


def places(key: str, day: str, places: int = 2, **more: object) -> dict[str, object]:
    since, until = f"{day}T09:00:00+01:00", f"{day}T10:00:00+01:00"
    said = {"kind": "places", "limit": key, "add": places, "since": since, "until": until}
    return said | {"reason": "peak", **more}


def test_places_are_previewed_set_seen_and_taken_back(hall: Hall, manager: httpx.Client) -> None:
    day, _ = days(hall)
    limit = pickup_limit(manager)
    before = of_day(manager, day, limit)
    layer = places(limit, day)
    shown = manager.post(f"{CAPACITY}/preview", json={"layers": [layer]})
    shaped(shown, "POST /offices/{office}/capacity/preview")
    assert {run["after"] - run["before"] for run in shown.json()["gained"]} == {2}
    assert shown.json()["lost"] == []
    assert of_day(manager, day, limit) == before
    key = {"Idempotency-Key": str(uuid.uuid4())}
    given = manager.post(f"{CAPACITY}/layers", json={"layers": [layer]}, headers=key)
    shaped(given, "POST /offices/{office}/capacity/layers")
    again = manager.post(f"{CAPACITY}/layers", json={"layers": [layer]}, headers=key)
    assert again.json() == given.json()
    after = of_day(manager, day, limit)
    assert after["capacity"] - before["capacity"] == 2 * 12
    whole = manager.get(CAPACITY, params={"cells": "true"})
    shaped(whole, "GET /offices/{office}/capacity")
    [told] = whole.json()["layers"]
    assert (told["reason"], told["origin"], told["state"]) == ("peak", "manager", "to_come")
    assert told["change"] == {"limit": limit, "add": 2}
    [number] = given.json()["layers"]
    gone = manager.delete(f"{CAPACITY}/layers/{number}")
    assert gone.status_code == 204
    assert of_day(manager, day, limit) == before
    assert manager.get(CAPACITY).json()["layers"] == []


def test_a_preview_names_who_would_lose_a_place(hall: Hall, manager: httpx.Client) -> None:
    booked = hall.book("PICK")
    day = booked["start"][:10]
    every = [
        places(x["limit"], day, -500, since=f"{day}T00:00:00+01:00", until=f"{day}T23:55:00+01:00")
        for x in manager.get(CAPACITY).json()["limits"]
        if x["period"] == "tick" and x["taker"] == "booking"
    ]
    answer = manager.post(f"{CAPACITY}/preview", json={"layers": every})
    shaped(answer, "POST /offices/{office}/capacity/preview")
    shown = answer.json()
    assert [who["booking"] for who in shown["losing"]] == [booked["code"]]
    proposed = shown["losing"][0]["proposed"]
    assert proposed is None or instant(proposed).date() != instant(booked["start"]).date()
    assert shown["gained"] == []


def test_the_overview_has_an_etag_that_changes_with_a_booking(
    hall: Hall, manager: httpx.Client
) -> None:
    first = manager.get(CAPACITY)
    same = manager.get(CAPACITY, headers={"If-None-Match": first.headers["etag"]})
    assert same.status_code == 304
    assert hall.ask_hold(hall.free("PICK")[0]).status_code == 201  # tomorrow: within what is shown
    other = manager.get(CAPACITY, headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"limit": "moon"}, 422),
        ({"add": 0}, 422),
        ({"reason": "  "}, 422),
        ({"reason": "pe\x00ak"}, 422),
        ({"more": 1}, 422),
        ({"kind": "magic"}, 422),
        ({"until": "2020-01-01T00:00:00+01:00"}, 422),
        ({"since": "0001-01-01T00:00:00+14:00"}, 422),
        ({"until": "9999-12-31T23:59:59-12:00"}, 422),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    hall: Hall, manager: httpx.Client, change: dict[str, object], status: int
) -> None:
    day, _ = days(hall)
    layer = places(pickup_limit(manager), day, **change)
    for path in ("preview", "layers"):
        refused = manager.post(f"{CAPACITY}/{path}", json={"layers": [layer]})
        assert refused.status_code == status, refused.text
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "invalid"
    assert manager.get(CAPACITY).json()["layers"] == []


def test_a_closure_is_to_come_until_its_first_day(hall: Hall, manager: httpx.Client) -> None:
    day = date.fromisoformat(days(hall)[0]) + timedelta(days=30)
    closed = {"kind": "closure", "first": f"{day}", "last": f"{day}", "reason": "Works outing"}
    assert manager.post(f"{CAPACITY}/layers", json={"layers": [closed]}).status_code == 201
    [layer] = manager.get(CAPACITY).json()["layers"]
    assert layer["state"] == "to_come"
    assert '<span class="kern-muted kern-small">to come</span>' in manager.get(PAGE).text


def test_what_ends_with_the_calendar_is_refused_by_name(manager: httpx.Client) -> None:
    hours = [{"opens": "08:00:00", "closes": "09:00:00"}]
    last = {"first": "9999-12-31", "last": "9999-12-31", "reason": "peak"}
    for layer in ({"kind": "closure", **last}, {"kind": "exception", "hours": hours, **last}):
        refused = manager.post(f"{CAPACITY}/layers", json={"layers": [layer]})
        assert refused.status_code == 422, refused.text
        [error] = refused.json()["errors"]
        assert error["reason"].startswith("first must be between")


def test_a_key_given_again_means_the_same_although_now_has_moved_on(
    hall: Hall, manager: httpx.Client
) -> None:
    day, _ = days(hall)
    layer = places(pickup_limit(manager), day)
    del layer["since"]
    asked = {"layers": [layer]}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first, again = (manager.post(f"{CAPACITY}/layers", json=asked, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert first.json() == again.json()
    other = {"layers": [layer | {"add": 3}]}
    refused = manager.post(f"{CAPACITY}/layers", json=other, headers=key)
    assert refused.json()["code"] == "key_reused"


def test_only_managers_may(hall: Hall) -> None:
    for somebody, status in ((hall.staff("clerk"), 403), (hall.client(), 401)):
        assert somebody.get(CAPACITY).status_code == status
        body = {"layers": [places("desks", "2026-12-01")]}
        assert somebody.post(f"{CAPACITY}/layers", json=body).status_code == status
        assert somebody.post(f"{CAPACITY}/preview", json=body).status_code == status
        assert somebody.delete(f"{CAPACITY}/layers/1").status_code == status


def test_an_unknown_layer_is_said_to_be_none(manager: httpx.Client) -> None:
    for refused in (
        manager.delete(f"{CAPACITY}/layers/999999"),
        manager.post(f"{CAPACITY}/preview", json={"end": [999999]}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (404, "unknown_layer")


@pytest.mark.parametrize("query", ["from=2026-12-24&to=2026-12-01", "from=1970-01-01", "from=x"])
def test_days_that_cannot_be_asked_for_are_refused(manager: httpx.Client, query: str) -> None:
    assert manager.get(f"{CAPACITY}?{query}").status_code == 422


def chosen(page: str) -> dict[str, str]:
    """The hidden fields of the page's last form."""
    form = page.rpartition("<form")[2]
    fields = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in fields}


FORMS: tuple[dict[str, str], ...] = (
    {"kind": "places", "limit": "", "add": "-1"},
    {"kind": "places", "limit": "", "add": "2", "from": "09:00", "to": "10:00"},
    {"kind": "counter", "counter": "1", "from": "09:00", "to": "10:00"},
    {"kind": "window", "limit": "", "add": "1", "from": "19:00", "to": "20:00"},
    {"kind": "closure"},
    {"kind": "exception", "from": "09:00", "to": "11:00"},
)


@pytest.mark.parametrize("form", FORMS, ids=[f"{n} {f['kind']}" for n, f in enumerate(FORMS)])
def test_each_form_leads_over_its_preview_to_a_layer_and_back(
    hall: Hall, manager: httpx.Client, form: dict[str, str]
) -> None:
    day, _ = days(hall)
    limit = pickup_limit(manager)
    before = of_day(manager, day, limit)
    said = form | {"first": day, "reason": "A peak & more"}
    said |= {"limit": limit} if "limit" in form else {}
    shown = manager.get(f"{PAGE}/preview", params=said)
    assert shown.status_code == 200, shown.text
    assert ">A peak &amp; more<" in shown.text
    assert ("Other hours: 09:00–11:00<" in shown.text) == (form["kind"] == "exception")
    applied = manager.post(PAGE, data=chosen(shown.text))
    assert applied.status_code == 303, applied.text
    page = manager.get(applied.headers["location"])
    assert "No appointment was touched" in page.text
    assert "A peak &amp; more" in page.text
    assert ("open with 1 place<" in page.text) == (form["kind"] == "window")
    assert ("Other hours: 09:00–11:00<" in page.text) == (form["kind"] == "exception")
    if form["kind"] != "counter":
        assert of_day(manager, day, limit) != before
    for layer in re.findall(r"preview\?end=(\d+)", page.text):
        ask = manager.get(f"{PAGE}/preview?end={layer}")
        assert ask.status_code == 200
        back = manager.post(PAGE, data=chosen(ask.text))
        assert back.status_code == 303
    assert of_day(manager, day, limit) == before
    assert "everything is as configured" in manager.get(PAGE).text


def test_extra_hours_on_a_closed_day_can_be_booked_where_visits_are_counted_by_the_day(
    hall: Hall, manager: httpx.Client
) -> None:
    saturday = date.fromisoformat(hall.free("LOSS")[-1][:10])
    saturday += timedelta(days=(5 - saturday.weekday()) % 7 - 7)
    asked = {"service": "LOSS", "from": f"{saturday}", "to": f"{saturday}"}
    times = "/api/v1/offices/heidelberg/availability"
    assert hall.anyone.get(times, params=asked).json()["days"][0]["starts"] == []
    said = {"kind": "window", "limit": "case_work", "add": "3", "from": "09:00", "to": "12:00"}
    said |= {"first": f"{saturday}", "reason": "A peak"}
    shown = manager.get(f"{PAGE}/preview", params=said)
    assert manager.post(PAGE, data=chosen(shown.text)).status_code == 303
    starts = hall.anyone.get(times, params=asked).json()["days"][0]["starts"]
    # Four at the first four times: three at once must not mean three that day.
    given = [hall.ask_hold(each["start"], "LOSS").status_code for each in starts[:4]]
    assert given == [201] * 4


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"reason": ""}, "places-reason"),
        ({"first": "soon"}, "places-first"),
        ({"first": "2020-01-01"}, "places-first"),
        ({"add": "many"}, "places-add"),
        ({"add": "0"}, "places-add"),
        ({"limit": "moon"}, "places-limit"),
        ({"from": "10:00", "to": "09:00"}, "places-to"),
        ({"from": "10:00"}, "places-to"),
        ({"last": "2020-01-01"}, "places-last"),
        (
            {"kind": "window", "add": "-1", "last": "2020-01-01", "from": "12:00", "to": "09:00"},
            "window-add window-last window-to",
        ),
    ],
)
def test_a_wrong_answer_keeps_the_others_and_names_its_field(
    hall: Hall, manager: httpx.Client, wrong: dict[str, str], field: str
) -> None:
    day, _ = days(hall)
    said = {"kind": "places", "limit": pickup_limit(manager), "add": "1", "first": day}
    page = manager.get(f"{PAGE}/preview", params=said | {"reason": "A peak"} | wrong)
    assert page.status_code == 422
    assert re.findall(r'<li><a href="#([a-z-]+)"', page.text) == field.split()
    assert re.findall(r'id="([a-z-]+)-error"', page.text) == field.split()
    assert page.text.count("<details") == 5
    assert page.text.count(" open>") == 1


def test_the_console_is_the_managers_alone(hall: Hall, manager: httpx.Client) -> None:
    for role, shown in (("manager", True), ("clerk", False)):
        cookie = {"Cookie": f"queue_staff={hall.token(role)}"}
        assert (PAGE in hall.client().get("/en/staff", headers=cookie).text) is shown
    assert hall.staff("clerk").get(PAGE).status_code == 403
    away = hall.client().get(PAGE)
    assert (away.status_code, away.headers["location"]) == (303, "/en/staff")
    day = manager.get(f"{PAGE}/day/2026-11-28")
    assert day.status_code == 200
