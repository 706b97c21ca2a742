"""Surge rules over HTTP: who may, what is said, and one click that can be taken back."""

import re
from datetime import timedelta

import httpx
import msgspec
import pytest

from queue_service.web.api.answers.surge import SURGE_ANSWERS
from tests import card_season
from tests.city import BEGIN
from tests.served import Hall, soon

API = "/api/v1/offices/stuttgart/surge"
PAGE = "/console/stuttgart/surge"


@pytest.fixture(scope="module")
def suggested(stuttgart: Hall) -> Hall:
    """Stuttgart with 900 cards ready: a rule suggests something."""
    card_season.begin(stuttgart)
    soon(lambda: phase(stuttgart), lambda now: now == "suggested")
    return stuttgart


def of(hall: Hall, rule: str = "eat_season") -> dict[str, object]:
    rules = hall.staff("manager").get(API).json()["rules"]
    return dict(next(each for each in rules if each["rule"] == rule))


def phase(hall: Hall) -> object:
    return of(hall)["phase"]


def shaped(name: str, answer: httpx.Response) -> None:
    """The answer has the status and exactly the fields that the document promises."""
    status, kind = SURGE_ANSWERS[name]
    assert answer.status_code == status, answer.text
    assert kind is not None
    msgspec.json.decode(answer.content, type=kind)


def test_managers_act_case_workers_look_nobody_else(stuttgart: Hall, hall: Hall) -> None:
    assert stuttgart.anyone.get(API).status_code == 401
    assert stuttgart.staff("clerk").get(API).json()["code"] == "not_allowed"
    assert hall.staff("manager").get(API).json()["code"] == "not_allowed"
    worker = stuttgart.staff("case_worker")
    assert worker.get(API).status_code == 200
    for act in ("approve", "decline"):
        assert worker.post(f"{API}/eat_season/{act}").json()["code"] == "not_allowed"
    refused = worker.post(f"{API}/eat_season/override", json={"act": "start"})
    assert refused.json()["code"] == "not_allowed"
    assert worker.get(f"/en{PAGE}").status_code == 200
    assert "<form" not in worker.get(f"/en{PAGE}").text.partition("<main")[2]


def test_nonsense_is_refused_with_its_place(stuttgart: Hall) -> None:
    manager = stuttgart.staff("manager")
    for act in ("approve", "dry-run"):
        unknown = manager.post(f"{API}/none/{act}")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_rule")
    for body in ({"act": "explode"}, {"act": "pause", "hours": 0}, {"act": "start", "x": 1}):
        assert manager.post(f"{API}/eat_season/override", json=body).status_code in (400, 422)
    early = manager.post(f"{API}/many_no_shows/approve")
    assert (early.status_code, early.json()["code"]) == (409, "not_suggested")
    gone = manager.post(f"/en{PAGE}/none/approve")
    assert "sorry=unknown_rule" in gone.headers["location"]
    assert "This rule does not exist" in manager.get(gone.headers["location"]).text
    assert manager.post(f"/en{PAGE}/eat_season/explode").status_code == 404


def test_a_suggestion_is_explained_agreed_to_and_taken_back(suggested: Hall) -> None:
    manager = suggested.staff("manager")
    shown = manager.get(API)
    shaped("GET /offices/{office}/surge", shown)
    rule = of(suggested)
    assert rule["value"] == 900
    assert isinstance(rule["explain"], list)
    assert rule["explain"][:2] == [
        "Cards ready without appointment: 900.",
        "It speaks above 450 and ends below 350.",
    ]
    plan = rule["plan"]
    assert isinstance(plan, dict)
    assert (plan["places_before"], plan["places_after"], plan["days_to_clear"]) == (60, 110, 5)
    first = shown.json()["history"][0]
    assert (first["what"], first["value"], first["threshold"]) == ("suggested", 900, 450)

    page = manager.get(f"/de{PAGE}").text
    assert "Zustimmen" in page
    assert "Von 60 auf 110 Plätze am Tag." in page
    key = {"Idempotency-Key": "agree-once"}
    agreed = manager.post(f"{API}/eat_season/approve", headers=key)
    shaped("POST /offices/{office}/surge/{rule}/approve", agreed)
    assert agreed.json()["phase"] == "running"
    assert manager.post(f"{API}/eat_season/approve", headers=key).status_code == 200
    twice = manager.post(f"{API}/eat_season/approve")
    assert (twice.status_code, twice.json()["code"]) == (409, "not_suggested")

    page = manager.get(f"/en{PAGE}").text
    form = re.search(r'action="([^"]+/eat_season/end)"', page)
    assert form is not None
    sent = {"idempotency_key": "back-once"}
    back = manager.post(form[1], data=sent)
    assert back.status_code == 303
    told = manager.get(back.headers["location"]).text
    assert "Everything the rule did was taken back" in told
    assert "Taken back by hand" in told
    assert of(suggested)["phase"] == "calm"


def test_a_rule_is_tried_begun_paused_and_declined_by_hand(suggested: Hall) -> None:
    manager = suggested.staff("manager")
    before = manager.get(API).json()["history"]
    tried = manager.post(f"{API}/eat_season/dry-run")
    shaped("POST /offices/{office}/surge/{rule}/dry-run", tried)
    assert tried.json()["places_after"] == 110
    assert "What it would do now" in manager.get(f"/en{PAGE}?try=eat_season").text
    assert manager.get(API).json()["history"] == before
    for body, what in (
        ({"act": "pause", "hours": 3, "reason": "fair"}, "paused_until"),
        ({"act": "start", "reason": "crowd"}, "ends"),
    ):
        answer = manager.post(f"{API}/eat_season/override", json=body)
        shaped("POST /offices/{office}/surge/{rule}/override", answer)
        assert answer.json()[what] is not None
    assert answer.json()["plan"]["places_after"] == 110
    stopped = manager.post(f"{API}/eat_season/override", json={"act": "start"})
    assert (stopped.json()["code"], stopped.json()["reason"]) == ("rule_stopped", "running")
    assert stopped.json()["detail"] == "It is running already."
    for act in ("resume", "end"):
        assert manager.post(f"{API}/eat_season/override", json={"act": act}).status_code == 200
    card_season.look(suggested.served.city, BEGIN + timedelta(days=2))
    card_season.look(suggested.served.city, BEGIN + timedelta(days=2, minutes=32))
    soon(lambda: phase(suggested), lambda now: now == "suggested")
    declined = manager.post(f"{API}/eat_season/decline")
    shaped("POST /offices/{office}/surge/{rule}/decline", declined)
    assert declined.json()["phase"] == "calm"
    assert declined.json()["cooldown_left_minutes"] == 1440
