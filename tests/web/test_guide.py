"""At the entrance: what is held up, who lost their code, photos, places explained, emergencies."""

import io
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from qrcode.main import QRCode

from queue_service.web.access import crowding
from queue_service.web.throttle import InMemory
from tests.city import BEGIN
from tests.served import Hall, ask, client, events
from tests.web.shapes import shaped
from tests.web.test_confirmations import altered, signed_of

GUIDE = "/api/v1/guide"
HERE = f"{GUIDE}/heidelberg"


def look(hall: Hall, said: str) -> Any:
    answer = hall.staff("guide").post(f"{HERE}/looks", json={"said": said})
    return shaped("POST /guide/{office}/looks", answer)


def seek(hall: Hall, letters: str, born: str, role: str = "guide") -> httpx.Response:
    wish = {"letters": letters, "birth_date": born, "reason": "lost_code"}
    return hall.staff(role).post(f"{HERE}/people", json=wish)


def soon_booked(hall: Hall, name: str, born: str = "1990-01-31") -> Any:
    """Somebody who may check in already."""
    wish = {
        "services": [{"service": "PICK", "persons": 1}],
        "start": (BEGIN + timedelta(minutes=30)).isoformat(),
        "applicant": {"name": name, "birth_date": born},
        "language": "ar",
        "exceed_reason": "crowd",
    }
    answer = hall.staff("manager").post("/api/v1/offices/heidelberg/bookings", json=wish)
    assert answer.status_code == 201, answer.text
    return answer.json()


class TestLooking:
    def test_a_booking_says_when_it_is_and_nobodys_name(self, hall: Hall) -> None:
        booking = soon_booked(hall, "Wanda Wartet", "1971-02-03")
        seen = look(hall, f" {booking['code'][:4].lower()} {booking['code'][4:]} ")
        assert seen["booking"]["code_end"] == booking["code"][-3:]
        assert seen["not_now"] is None
        assert seen["visit"] is None
        assert "Wanda" not in str(seen)
        assert booking["code"] not in str(seen)

    def test_a_day_too_early_is_said_before_the_check_in(self, hall: Hall) -> None:
        seen = look(hall, hall.book()["code"])
        assert seen["not_now"]["code"] == "other_day"

    def test_a_ticket_and_its_number_lead_to_the_same_place(self, hall: Hall) -> None:
        ticket = hall.walk_in()
        by_number, by_ticket = look(hall, ticket["number"]), look(hall, ticket["ticket"])
        assert by_number["visit"]["visit"] == by_ticket["visit"]["visit"]
        assert by_number["visit"]["number"] == ticket["number"]
        assert by_number["visit"]["papers"]

    def test_altered_unknown_and_foreign_ones_are_told_apart(
        self, hall: Hall, stuttgart: Hall
    ) -> None:
        signed = signed_of(hall, hall.book())
        assert look(hall, f"HTTP://LOCALHOST/V/{signed}")["verdict"] == "genuine"
        assert look(hall, f"HTTP://LOCALHOST/V/{altered(signed)}")["verdict"] == "altered"
        elsewhere = look(hall, signed_of(stuttgart, stuttgart.book("BIO", birth_date="1990-01-31")))
        assert (elsewhere["verdict"], elsewhere["office"]) == ("other_office", "stuttgart")
        assert elsewhere["booking"] is None
        guide = hall.staff("guide")
        unknown = guide.post(f"{HERE}/looks", json={"said": "98765432"})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_code")
        theirs = {"said": stuttgart.book("BIO", birth_date="1990-01-31")["code"]}
        assert guide.post(f"{HERE}/looks", json=theirs).json()["code"] == "other_office"


class TestFinding:
    def test_two_letters_and_the_birth_date_find_one_person_who_then_checks_in(
        self, hall: Hall
    ) -> None:
        booking = soon_booked(hall, "Élodie Fournier-Örtel", "1983-07-09")
        for letters in ("el", "FO", "Ör"):
            people = shaped("POST /guide/{office}/people", seek(hall, letters, "1983-07-09"))
            assert [p["code_end"] for p in people["people"]] == [booking["code"][-3:]]
        assert "lodie" not in str(people)
        path = f"{GUIDE}/bookings/{people['people'][0]['booking']}/check-in"
        given = shaped("POST /guide/bookings/{booking}/check-in", hall.staff("guide").post(path))
        assert given["language"] == "ar"
        again = hall.staff("guide").post(path).json()
        assert (again["number"], again["instructions"]) == (given["number"], "already_checked_in")

    @pytest.mark.parametrize(("letters", "born"), [("EX", "1983-07-10"), ("QQ", "1983-07-09")])
    def test_almost_right_finds_nobody(self, hall: Hall, letters: str, born: str) -> None:
        answer = seek(hall, letters, born)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_person")

    def test_more_than_three_who_fit_are_not_listed(self, hall: Hall) -> None:
        for number in range(3):
            soon_booked(hall, f"Mira{number} Vier", "1960-05-05")
        assert len(seek(hall, "mi", "1960-05-05").json()["people"]) == 3
        soon_booked(hall, "Mirko Vier", "1960-05-05")
        assert seek(hall, "mi", "1960-05-05").json()["code"] == "unknown_person"

    def test_the_journal_says_who_looked_and_why_but_not_for_whom(self, hall: Hall) -> None:
        seek(hall, "xy", "1955-05-05")
        query = "select by, body, recorded from journal where tag = 'person_sought' "
        row = ask(hall.served.city, f"{query} order by office, seq desc limit 1")[0]
        assert row["by"] > 0
        assert row["body"] == '{"tag":"person_sought","reason":"lost_code"}'

    def test_a_reason_is_required_and_a_tablet_alone_finds_nobody(self, hall: Hall) -> None:
        wish = {"letters": "el", "birth_date": "1983-07-09"}
        assert hall.staff("guide").post(f"{HERE}/people", json=wish).status_code == 422
        assert (
            hall.kiosk.post(f"{HERE}/people", json=wish | {"reason": "no_phone"}).status_code == 403
        )


def photo(text: str) -> bytes:
    code = QRCode(border=4)
    code.add_data(text)
    out = io.BytesIO()
    code.make_image().get_image().convert("RGB").save(out, "JPEG")
    return out.getvalue()


class TestPhotos:
    def test_the_code_in_a_photo_is_read(self, hall: Hall) -> None:
        answer = hall.staff("guide").post(
            f"{GUIDE}/decode", content=photo("HTTP://LOCALHOST/B/23456789")
        )
        assert shaped("POST /guide/decode", answer) == {"code": "23456789"}

    @pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff nothing", b"GIF89a"])
    def test_what_is_none_is_refused_kindly(self, hall: Hall, content: bytes) -> None:
        answer = hall.staff("guide").post(f"{GUIDE}/decode", content=content)
        assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_picture")

    def test_too_large_is_too_large(self, hall: Hall) -> None:
        answer = hall.staff("guide").post(f"{GUIDE}/decode", content=bytes(8_000_001))
        assert answer.status_code == 413

    def test_strangers_and_kiosks_send_no_photos(self, hall: Hall) -> None:
        assert hall.anyone.post(f"{GUIDE}/decode", content=b"x").status_code == 401
        assert hall.kiosk.post(f"{GUIDE}/decode", content=b"x").status_code == 403


def test_a_place_is_explained_in_the_language_of_whoever_stands_there(hall: Hall) -> None:
    hall.walk_in()
    visit = look(hall, hall.walk_in()["number"])["visit"]
    guide = hall.client(hall.token("guide"), "de")
    told = shaped("GET /guide/visits/{visit}", guide.get(f"{GUIDE}/visits/{visit['visit']}"))
    assert told["ahead"] >= 1
    assert any("Termin" in sentence for sentence in told["why"])
    assert told["why"] != visit["why"]


@pytest.fixture
def tablet(hall: Hall) -> Iterator[httpx.Client]:
    """The browser of a guide."""
    with client(hall.served) as browser:
        browser.cookies.set("queue_staff", hall.token("guide"))
        browser.follow_redirects = True
        yield browser


class TestPages:
    def test_an_emergency_is_handed_over_and_the_answer_comes_back(
        self, hall: Hall, tablet: httpx.Client
    ) -> None:
        who = {"5": hall.staff("case_worker"), "6": hall.staff("manager")}
        for state, deserted in (("closed", True), ("open", False)):
            for counter, staff in who.items():
                path = f"/api/v1/desks/heidelberg.{counter}/state"
                assert staff.put(path, json={"state": state}).status_code == 200
            asked = tablet.get("/en/guide/emergency").text
            assert ("counter is open: walk" in asked) is deserted
            assert ("at no open counter" in asked) is deserted
        form = {"service": "EMER", "language": "ar", "to": "0", "sentence": "Flight at six"}
        page = tablet.post("/en/guide/emergency", data=form)
        assert page.status_code == 200
        assert "Waits for any free case worker." in page.text
        shown = hall.staff("case_worker").get("/api/v1/offices/heidelberg/hands").json()["hands"]
        assert [(h["sentence"], h["language"]) for h in shown] == [("Flight at six", "ar")]

    def test_missing_papers_and_marks_go_to_the_desk(
        self, hall: Hall, tablet: httpx.Client
    ) -> None:
        public = look(hall, hall.walk_in()["number"])["visit"]["visit"]
        page = tablet.post(f"/en/guide/visit/{public}/mark", data={"aid": ["interpreter"]})
        assert "It is noted" in page.text
        page = tablet.post(f"/en/guide/visit/{public}/papers", data={"missing": ["0"]})
        assert "Fehlt: " in page.text
        visit = ask(
            hall.served.city, "select aids from visit where id = $1", public.partition(".")[2]
        )
        assert "interpreter" in str(visit[0]["aids"])

    def test_pages_of_others_lead_home(self, stuttgart: Hall, tablet: httpx.Client) -> None:
        stuttgart.walk_in("INFO")
        newest = (
            "select v.id from visit v join office o on o.id = v.office where o.slug = 'stuttgart'"
        )
        theirs = ask(stuttgart.served.city, f"{newest} order by arrived desc limit 1")
        for public in (f"stuttgart.{theirs[0]['id']}", f"heidelberg.{theirs[0]['id']}"):
            page = tablet.get(f"/en/guide/visit/{public}")
            assert page.url.path == "/en/guide"
            tablet.post("/en/guide/emergency", data={"visit": public, "to": "0"})
        hands = stuttgart.staff("case_worker").get("/api/v1/offices/stuttgart/hands").json()
        assert hands["hands"] == []

    def test_a_stranger_is_told_to_enrol_or_sign_in(self, hall: Hall) -> None:
        for path in ("", "/find", "/number", "/emergency", "/hands"):
            with client(hall.served) as somebody:
                assert somebody.get(f"/en/guide{path}").status_code == 403


def test_a_page_marks_what_has_to_be_mended_and_keeps_the_rest(tablet: httpx.Client) -> None:
    wish = {"letters": "e", "birth_date": "1983-07-09", "reason": "lost_code"}
    page = tablet.post("/en/guide/find", data=wish).text
    assert 'id="letters-error"' in page
    assert 'value="1983-07-09"' in page
    booking = {"service": "PICK", "start": BEGIN.isoformat(), "persons": "90", "name": ""}
    page = tablet.post("/en/guide/later", data=booking).text
    assert 'id="name-error"' in page
    assert 'value="90"' in page
    page = tablet.post("/en/guide/walk-in", data={"service": "PICK", "persons": "x"}).text
    assert 'id="persons-error"' in page
    assert "triage-answers" in tablet.get("/en/guide/triage").text


def test_the_stream_of_hands_tells_who_accepted(hall: Hall, tablet: httpx.Client) -> None:
    tablet.post("/en/guide/emergency", data={"service": "EMER", "language": "en", "to": "0"})
    worker = hall.staff("case_worker")
    hands = worker.get("/api/v1/offices/heidelberg/hands").json()
    with events(tablet, f"/en/guide/hands/stream?after={hands['seq']}") as told:
        visit = hands["hands"][-1]["visit"]
        counter = {"counter": "heidelberg.6"}
        answer = worker.post(f"/api/v1/visits/{visit}/accept", json=counter)
        assert answer.status_code == 200, answer.text
        event = next(each for each in told if each.name == "state")
    row = next(each for each in event.data if each["visit"] == visit)
    assert (row["taken"], row["state"][:8]) == (True, "Accepted")


def test_the_kit_of_a_tablet_holds_every_card_and_the_right_slips(hall: Hall) -> None:
    tablet = hall.client(hall.links.tablet.key)
    kit = shaped("GET /guide/{office}/kit", tablet.get(f"{HERE}/kit"))
    known = {question["key"] for question in kit["questions"]}
    known |= {outcome["key"] for outcome in kit["outcomes"]}
    assert kit["first"] in known
    ways = [answer["next"] for question in kit["questions"] for answer in question["answers"]]
    assert set(ways) <= known
    home = [kit["homes"][place] for place in kit["postcodes"]["69115"]]
    assert [(place["name"], place["here"]) for place in home] == [("Heidelberg", True)]
    for places in kit["postcodes"].values():
        for place in places:
            there = kit["homes"][place]
            assert not (there.get("here") and "slip" in there)
            assert there.get("slip", -1) < len(kit["slips"])


async def test_searches_faster_than_people_are_asked_wait() -> None:
    state = SimpleNamespace(card_throttle=InMemory(3))
    request: Any = SimpleNamespace(app=SimpleNamespace(state=state))
    crowded = [await crowding(request, whose) for whose in ("person 7",) * 4 + ("person 8",)]
    assert crowded == [False, False, False, True, False]
