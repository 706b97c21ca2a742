"""A guide takes back what they did last: a number, a mark, papers, a hand; nobody else's acts."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.city import BEGIN, set_clocks
from tests.served import Hall, ask, client
from tests.web.shapes import shaped

GUIDE = "/api/v1/guide"
BOARD_AND_LINE = "/api/v1/desks/heidelberg.1"


@pytest.fixture(autouse=True, scope="module")
def _later(hall: Hall) -> None:
    """Other modules let the day go on for a while: what is told now never comes before that."""
    set_clocks(hall.served.city, BEGIN + timedelta(minutes=20))


@pytest.fixture(autouse=True)
def _empty(hall: Hall) -> Iterator[None]:
    hall.clear()
    yield
    hall.clear()


@pytest.fixture
def tablet(hall: Hall) -> Iterator[httpx.Client]:
    """The browser of a guide."""
    with client(hall.served) as browser:
        browser.cookies.set("queue_staff", hall.token("guide"))
        browser.follow_redirects = True
        yield browser


def offered(page: httpx.Response) -> dict[str, str]:
    """What the key that takes back would send; nothing where none is shown."""
    form = re.search(r'<form class="guide-undo".*?</form>', page.text, re.DOTALL)
    said = form[0] if form else ""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', said))


def waiting(hall: Hall) -> list[str]:
    return [each["number"] for each in hall.staff().get(BOARD_AND_LINE).json()["waiting"]]


def taken(hall: Hall) -> Any:
    return ask(hall.served.city, "select coalesce(sum(taken), 0) as n from cell")[0]["n"]


def numbered(hall: Hall) -> tuple[str, str]:
    """Public id and number of somebody whom the kiosk let in."""
    number = hall.walk_in()["number"]
    first = hall.staff().get(BOARD_AND_LINE).json()["waiting"][0]
    assert first["number"] == number
    return first["visit"], number


def test_a_number_given_by_mistake_is_as_if_nobody_had_come(
    hall: Hall, tablet: httpx.Client
) -> None:
    before = taken(hall)
    form = {"service": "PICK", "persons": "1", "language": "ar"}
    page = tablet.post("/en/guide/walk-in", data=form)
    undo = offered(page)
    [number] = waiting(hall)
    assert f"Number {number} is given" in page.text
    assert undo["act"] == "checked_in"
    assert taken(hall) == before + 1
    assert offered(tablet.get("/en/guide")).get("visit") == undo["visit"]
    back = tablet.post("/en/guide/undo", data=undo)
    assert (back.url.path, "Taken back." in back.text) == ("/en/guide", True)
    assert (waiting(hall), taken(hall), offered(back)) == ([], before, {})
    assert "This number was taken back" in tablet.get(f"/en/guide/visit/{undo['visit']}").text
    assert "Taken back." in tablet.post("/en/guide/undo", data=undo).text, "the same key again"
    assert (
        "nothing to undo"
        in tablet.post("/en/guide/undo", data=undo | {"idempotency_key": "another-key"}).text
    )


def test_an_appointment_checked_in_by_mistake_is_checked_in_again_with_its_code(
    hall: Hall, tablet: httpx.Client
) -> None:
    code = hall.book_soon()["code"]
    page = tablet.post("/en/guide/check", data={"said": code})
    way = f"{page.url.path}/check-in"
    undo = offered(tablet.post(way, data={"idempotency_key": "first", "missing": ["0"]}))
    tablet.post("/en/guide/undo", data=undo)
    left = ask(hall.served.city, "select 1 from note where visit = $1", undo["visit"][11:])
    assert (left, waiting(hall)) == ([], [])
    again = offered(tablet.post(way, data={"idempotency_key": "second"}))
    assert again["visit"] != undo["visit"]
    assert len(waiting(hall)) == 1


def test_marks_and_missing_papers_are_taken_back_one_by_one(
    hall: Hall, tablet: httpx.Client
) -> None:
    visit, number = numbered(hall)
    page = tablet.post(f"/en/guide/visit/{visit}/mark", data={"aid": ["hearing"]})
    assert f"{number} marked" in page.text
    mark = offered(page)
    page = tablet.post(f"/en/guide/visit/{visit}/papers", data={"missing": ["0"]})
    papers = offered(page)
    assert (mark["act"], papers["act"]) == ("marked", "papers")
    back = tablet.post("/en/guide/undo", data=papers)
    assert "Fehlt:" in page.text
    assert "Fehlt:" not in back.text
    assert offered(back)["act"] == "marked"
    tablet.post("/en/guide/undo", data=mark)
    assert hall.staff().get(BOARD_AND_LINE).json()["waiting"][0]["aids"] == []


def test_a_hand_over_is_taken_back_with_its_sentence(hall: Hall, tablet: httpx.Client) -> None:
    visit, number = numbered(hall)
    form = {"visit": visit, "to": "0", "sentence": "Flight at six"}
    page = tablet.post("/en/guide/emergency", data=form)
    assert f"{number} handed over" in page.text
    back = tablet.post("/en/guide/undo", data=offered(page))
    assert back.url.path == f"/en/guide/visit/{visit}"
    assert "Flight at six" not in back.text
    hands = hall.staff("case_worker").get("/api/v1/offices/heidelberg/hands").json()["hands"]
    assert hands == []


def test_the_api_takes_back_ones_own_act_and_nobody_elses(hall: Hall) -> None:
    visit, _ = numbered(hall)
    path = f"{GUIDE}/visits/{visit}/undo"
    foreign = hall.staff("guide").post(path)
    assert (foreign.status_code, foreign.json()["code"]) == (409, "undo_overtaken")
    by_desk = hall.staff().post(f"/api/v1/visits/{visit}/undo")
    assert by_desk.json()["code"] == "nothing_to_undo", "the visitor came by themselves"
    hall.staff("guide").post(f"/api/v1/visits/{visit}/mark", json={"aids": ["sight"]})
    for nobody, status in ((hall.anyone, 401), (hall.kiosk, 403)):
        assert nobody.post(path).status_code == status
    assert hall.staff("manager").post(path).json()["code"] == "undo_overtaken"
    seen = shaped("POST /guide/visits/{visit}/undo", hall.staff("guide").post(path))
    assert seen["visit"] == visit
    hall.press("1")
    assert hall.staff().post(path).json()["code"] == "undo_overtaken", "a call is a desk's"


def test_what_happened_since_is_never_taken_back_instead(hall: Hall, tablet: httpx.Client) -> None:
    visit, _ = numbered(hall)
    page = tablet.post(f"/en/guide/visit/{visit}/mark", data={"aid": ["hearing"]})
    shown = offered(page)
    tablet.post("/en/guide/emergency", data={"visit": visit, "to": "0"})
    late = tablet.post("/en/guide/undo", data=shown)
    assert "This cannot be undone any more" in late.text
    assert hall.staff().get(BOARD_AND_LINE).json()["handed"] == 1
