"""Reports over HTTP: managers see a day as the journal has it, nobody else does."""

import csv
import io

import pytest

from tests.city import BEGIN
from tests.served import Hall

API = "/api/v1/offices/heidelberg/reports/day"
PAGE = "/console/heidelberg/reports"


@pytest.fixture(scope="module")
def lived(hall: Hall) -> Hall:
    """Two people came; one of them was called and served."""
    for _ in range(2):
        hall.walk_in("INFO")
    counter = next(
        c["counter"]
        for c in hall.anyone.get("/api/v1/offices/heidelberg").json()["counters"]
        if "INFO" in c["skills"]
    )
    desk = hall.staff().post(f"/api/v1/desks/{counter}/next").json()
    visit = desk["current"]["visit"]
    assert hall.staff().post(f"/api/v1/visits/{visit}/finish").status_code == 200
    return hall


def test_a_manager_sees_the_day(lived: Hall) -> None:
    said = lived.staff("manager").get(API, params={"date": f"{BEGIN.date()}"})
    assert said.status_code == 200, said.text
    report = said.json()
    assert report["day"] == f"{BEGIN.date()}"
    assert report["visits"] >= 2
    assert report["figures"]["called"] >= 1
    assert "INFO" in [each["service"] for each in report["services"]]
    assert sum(each["arrivals"] for each in report["hours"]) == report["visits"]
    assert said.headers["cache-control"] == "no-store"


def test_clerks_and_strangers_see_no_report(lived: Hall) -> None:
    assert lived.anyone.get(API).status_code == 401
    assert lived.staff("clerk").get(API).status_code == 403
    assert lived.staff("manager").get(API.replace("heidelberg", "stuttgart")).status_code == 403


def test_a_day_to_come_is_refused_with_a_reason(lived: Hall) -> None:
    refused = lived.staff("manager").get(API, params={"date": "2099-01-01"})
    assert refused.status_code == 422
    assert refused.json()["code"] == "invalid"


@pytest.mark.parametrize("lang", ["de", "en", "ar"])
def test_the_page_and_its_file_say_the_same(lived: Hall, lang: str) -> None:
    manager = lived.staff("manager")
    report = manager.get(API).json()
    page = manager.get(f"/{lang}{PAGE}")
    assert page.status_code == 200, page.text
    file = manager.get(f"/{lang}{PAGE}/{BEGIN.date()}.csv")
    assert file.headers["content-type"].startswith("text/csv")
    assert "attachment" in file.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff")), delimiter=";"))
    assert rows[0][0] == f"{BEGIN.date()}"
    assert rows[1][2] == str(report["visits"])
    assert all(cell in page.text for cell in rows[1][2:4])


def test_managers_see_what_reminders_do(lived: Hall) -> None:
    path = "/api/v1/offices/heidelberg/reports/reminders"
    said = lived.staff("manager").get(path)
    assert said.status_code == 200, said.text
    assert [each["text"] for each in said.json()["texts"]] == ["plain", "others", "minutes"]
    assert all(each["missed_share"] is None for each in said.json()["texts"])
    assert lived.anyone.get(path).status_code == 401
    assert lived.staff("clerk").get(path).status_code == 403
    odd = lived.staff("manager").get(path, params={"from": "2026-02-02", "to": "2026-02-01"})
    assert (odd.status_code, odd.json()["field"]) == (422, "to")


@pytest.mark.parametrize("lang", ["de", "ar"])
def test_the_page_of_reminders_says_when_they_go_and_that_nothing_is_known(
    lived: Hall, lang: str
) -> None:
    page = lived.staff("manager").get(f"/{lang}/console/heidelberg/reminders")
    assert page.status_code == 200, page.text
    if lang == "de":
        assert "5 Tage vorher" in page.text
        assert "2 Stunden vorher" in page.text
        assert "niemand einen Termin" in page.text
    assert lived.staff("clerk").get(f"/{lang}/console/heidelberg/reminders").status_code == 403
