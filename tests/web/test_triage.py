"""Triage over HTTP: the tree, where answers lead, and pages that work without a script."""

import re

import httpx
import pytest

from tests.city import Served
from tests.served import Hall, client, soon
from tests.web.shapes import shaped

TRIAGE = "/api/v1/offices/heidelberg/triage"


def asked(hall: Hall, *answers: str, **more: str) -> httpx.Response:
    return hall.anyone.post(TRIAGE, json={"answers": answers, **more})


class TestProgram:
    def test_the_tree_is_told_whole(self, hall: Hall) -> None:
        tree = shaped("GET /offices/{office}/triage", hall.anyone.get(TRIAGE))
        assert tree["first"] in {question["key"] for question in tree["questions"]}
        assert {outcome["kind"] for outcome in tree["outcomes"]} >= {"responsible", "elsewhere"}

    def test_answers_lead_to_the_next_question_or_to_an_end(self, hall: Hall) -> None:
        first = shaped("POST /offices/{office}/triage", asked(hall))
        assert (first["question"]["key"], first["outcome"]) == ("home", None)
        ended = shaped("POST /offices/{office}/triage", asked(hall, "here", "lost", "all"))
        assert ended["question"] is None
        assert ended["outcome"]["service"] == "LOSS"
        assert ended["outcome"]["papers"] is True
        assert ended["outcome"]["bring"]

    def test_the_most_pressing_are_sent_to_the_staff(self, hall: Hall) -> None:
        outcome = asked(hall, "here", "urgent", "danger").json()["outcome"]
        assert (outcome["kind"], outcome["need"]) == ("guide", "N0")

    def test_no_appointment_is_told_with_its_last_day(self, hall: Hall) -> None:
        outcome = asked(hall, "here", "ends", "ukraine").json()["outcome"]
        assert (outcome["kind"], outcome["valid_to"]) == ("no_appointment", "2027-03-04")

    def test_a_postcode_names_the_right_authority(self, hall: Hall) -> None:
        said = shaped("POST /offices/{office}/triage", asked(hall, "other", postcode="68766"))
        assert said["outcome"]["responsible"]["town"] == "Hockenheim"
        home = asked(hall, "other", postcode="69115").json()
        assert home["question"]["key"] == "matter"

    def test_an_ambiguous_postcode_is_asked_about(self, hall: Hall) -> None:
        answer = asked(hall, "other", postcode=SHARED)
        assert (answer.status_code, answer.json()["code"]) == (422, "which_municipality")
        for choice in answer.json()["choices"]:
            said = asked(hall, "other", choice["ags"]).json()
            assert said["outcome"] is None or said["outcome"]["kind"] == "elsewhere"

    def test_who_lives_far_away_is_not_sent_by_guess(self, hall: Hall) -> None:
        outcome = asked(hall, "other", postcode="01067").json()["outcome"]
        assert (outcome["kind"], outcome["responsible"]) == ("elsewhere", None)

    @pytest.mark.parametrize(
        ("said", "status", "code"),
        [
            ({"answers": ["nowhere"]}, 422, "invalid"),
            ({"answers": [], "postcode": "69115"}, 422, "invalid"),
            ({"answers": ["other"], "postcode": "00000"}, 404, "unknown_place"),
            ({"answers": ["other"], "postcode": "x"}, 404, "unknown_place"),
            ({"answers": ["other", "08226999"]}, 404, "unknown_place"),
            ({"answers": ["a"] * 21}, 422, "invalid"),
            ({"answers": [], "name": "Amal"}, 422, "invalid"),
        ],
    )
    def test_what_fits_no_question_is_refused(
        self, hall: Hall, said: dict[str, object], status: int, code: str
    ) -> None:
        answer = hall.anyone.post(TRIAGE, json=said)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    def test_an_unknown_office_has_no_triage(self, hall: Hall) -> None:
        assert hall.anyone.get("/api/v1/offices/nowhere/triage").status_code == 404
        said = hall.anyone.post("/api/v1/offices/nowhere/triage", json={"answers": []})
        assert said.json()["code"] == "unknown_office"


SHARED = "68723"
PHONE = "/en/heidelberg/triage"


def typed(browser: httpx.Client, at: str, **fields: str) -> httpx.Response:
    return browser.post(PHONE, data={"at": at, **fields})


@pytest.fixture
def cards(hall: Hall) -> Hall:
    """Heidelberg with a card that is ready and one that is not."""
    listed = "serial,state,date\nTRIAGE0001,ready,2026-11-20\nTRIAGE0002,produced,2026-11-20\n"
    answer = hall.staff("manager").post("/api/v1/offices/heidelberg/card-lists", content=listed)
    assert answer.status_code == 200, answer.text
    soon(lambda: hall.anyone.get(f"{PHONE}?at=here.card").text, lambda page: 'name="card"' in page)
    return hall


class TestPages:
    def test_a_postcode_never_stands_in_an_address(self, hall: Hall) -> None:
        answer = typed(hall.anyone, "other", postcode="68766")
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"{PHONE}?at=other.08226032",
        )
        page = hall.anyone.get(answer.headers["location"]).text
        assert "Hockenheim" in page
        assert "https://www.hockenheim.de" in page
        assert 'lang="de"' in page, "the slip speaks German, too"

    @pytest.mark.parametrize(
        ("postcode", "wrong"), [("6911", "postcode"), ("", "postcode"), ("00000", "place")]
    )
    def test_a_mistyped_postcode_is_said(self, hall: Hall, postcode: str, wrong: str) -> None:
        answer = typed(hall.anyone, "other", postcode=postcode)
        assert answer.headers["location"] == f"{PHONE}?at=other&wrong={wrong}"
        assert 'aria-invalid="true"' in hall.anyone.get(answer.headers["location"]).text

    def test_digits_of_other_scripts_are_digits(self, hall: Hall) -> None:
        answer = typed(hall.anyone, "other", postcode="٦٨٧٦٦")
        assert answer.headers["location"].endswith("at=other.08226032")

    def test_an_ambiguous_postcode_offers_its_municipalities(self, hall: Hall) -> None:
        there = typed(hall.anyone, "other", postcode=SHARED).headers["location"]
        page = hall.anyone.get(there).text
        assert "Which municipality do you live in?" in page
        links = re.findall(r'href="([^"]*at=other\.\d{8})"', page)
        assert len(links) > 1
        assert all(hall.anyone.get(link).status_code == 200 for link in links)

    def test_the_sister_office_is_told_with_its_hours(self, hall: Hall) -> None:
        page = hall.anyone.get(f"{PHONE}?at=other.08111000").text
        assert "Eberhardstraße 39" in page
        told = asked(hall, "other", "08111000").json()["outcome"]["responsible"]
        assert (told["street"], told["town"]) == ("Eberhardstraße 39", "Stuttgart")
        assert "08:00–" in page

    @pytest.mark.parametrize("at", ["nowhere", "here.here.here", ".".join("a" * 900)])
    def test_an_address_of_another_tree_begins_again(self, hall: Hall, at: str) -> None:
        answer = hall.anyone.get(PHONE, params={"at": at})
        assert (answer.status_code, answer.headers["location"]) == (303, PHONE)

    def test_a_card_is_asked_about_by_its_number_which_no_address_keeps(self, cards: Hall) -> None:
        assert 'name="card"' in cards.anyone.get(f"{PHONE}?at=here.card").text
        late = typed(cards.anyone, "here.card", card="TRIAGE0002").headers["location"]
        assert late == f"{PHONE}?at=here.card&card=not_ready"
        assert "Next check" in cards.anyone.get(late).text
        ready = typed(cards.anyone, "here.card", card="triage-0001").headers["location"]
        assert ready == f"{PHONE}?at=here.card&card=ready"
        assert "This card is ready" in cards.anyone.get(ready).text
        unknown = typed(cards.anyone, "here.card", card="TRIAGE9999").headers["location"]
        assert unknown == late, "nobody learns which cards there are"
        wrong = typed(cards.anyone, "here.card", card="x").headers["location"]
        assert wrong == f"{PHONE}?at=here.card&wrong=card"

    @pytest.mark.parametrize("frame", ["kiosk", "guide"])
    def test_a_strange_browser_sees_no_triage_of_the_house(
        self, served: Served, frame: str
    ) -> None:
        with client(served) as stranger:
            assert stranger.get(f"/de/{frame}/triage").status_code == 403
            assert stranger.post(f"/de/{frame}/triage", data={"at": "other"}).status_code == 403

    def test_only_links_of_the_configuration_become_pictures(self, hall: Hall) -> None:
        there = "/qr/triage/heidelberg"
        assert hall.anyone.get(f"{there}/08226032.svg").text.startswith("<svg")
        assert hall.anyone.get(f"{there}/online.svg").status_code == 200
        assert hall.anyone.get(f"{there}/book_appl.svg?lang=ar").status_code == 200
        for name in ("08221000.svg", "01067.svg", "nowhere.svg", "guide.svg", "online.png"):
            assert hall.anyone.get(f"{there}/{name}").status_code == 404

    @pytest.mark.parametrize(
        ("lang", "question"),
        [
            ("de", "Wo wohnen Sie?"),
            ("en", "Where do you live?"),
            ("ar", "أين تسكنون؟"),
            ("uk", "Де ви живете?"),
            ("de_simple", "Jeder Ort hat ein eigenes Amt."),
        ],
    )
    def test_every_language_is_spoken(self, hall: Hall, lang: str, question: str) -> None:
        page = hall.anyone.get(f"/{lang}/heidelberg/triage").text
        assert question in page
        assert page.count("triage-answer") >= 2
