"""The page on which staff type in what they gave out on paper, and the same over HTTP."""

import re
from collections.abc import Iterator

import pytest
from httpx import Response

from queue_service.web.pages.staff.paper_rows import read_row
from tests.served import Hall
from tests.web.shapes import shaped

PAGE = "/en/staff/heidelberg/paper-numbers"
API = "/api/v1/offices/heidelberg/paper-numbers"
FIELDS = ("number", "time", "appointment", "service", "persons", "language")


def typed(*rows: dict[str, str], step: str = "check") -> dict[str, str]:
    """The form with those rows."""
    return {"step": step} | {f"{name}_{n}": row[name] for n, row in enumerate(rows) for name in row}


def shown(answer: Response) -> str:
    """The page without the marks that keep numbers apart from the script around them."""
    return re.sub(r"</?bdi[^>]*>", "", answer.text)


def hidden(answer: Response) -> dict[str, str]:
    """What the preview sends on."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', answer.text)
    return dict(found)


def sheet(hall: Hall) -> list[str]:
    """Numbers of today's paper, a sheet more than before."""
    page = "/en/staff/heidelberg/day-list"
    before = hall.staff("clerk").get(page).text
    sheets = before.count('class="paper-sheet"') + 1
    hall.staff("clerk").post(page, data={"sheets": f"{sheets}"})
    last = hall.staff("clerk").get(page).text.rpartition('class="paper-sheet"')[2]
    return re.findall(r'<th scope="row"><bdi[^>]*>([A-Z]\d{3})</bdi></th>', last)


@pytest.fixture
def _emptied(hall: Hall) -> Iterator[None]:
    yield
    hall.clear()


def test_a_wrong_row_is_named_and_nothing_typed_is_lost(hall: Hall) -> None:
    clerk = hall.staff("clerk")
    assert PAGE in clerk.get("/en/staff/heidelberg/day-list").text
    rows = (
        {"number": "A000", "time": "00:01", "service": "INFO", "language": "ar"},
        {"number": "B77", "time": "soon", "appointment": "17"},
        {"number": "", "time": "8.15", "persons": "3"},
    )
    assert "fill in at least one row" in clerk.post(PAGE, data=typed()).text
    answer = clerk.post(PAGE, data=typed(*rows))
    assert answer.status_code == 422, answer.text
    text = shown(answer)
    assert "Row 1 (A000): This number is not on today" in text
    assert "Row 2 (B77): The time cannot be read." in text
    assert "Row 3: The number is missing." in text
    assert '<a href="#time_1">' in text
    for kept in ('value="A000"', 'value="soon"', 'value="17"', 'value="8.15"', 'value="3"'):
        assert kept in text, kept
    assert '<option value="ar" selected>' in text
    more = clerk.post(PAGE, data=typed(*rows, step="more") | {"rows": "10"}).text
    assert 'name="number_19"' in more
    assert 'value="soon"' in more
    assert hall.staff("case_worker").get(PAGE).status_code == 403


@pytest.mark.usefixtures("_emptied")
def test_rows_are_looked_at_taken_and_what_cannot_be_stays(hall: Hall) -> None:
    clerk, numbers = hall.staff("clerk"), sheet(hall)
    booked = hall.book_soon()["code"]
    rows = (
        {"number": numbers[0], "time": "8:30", "service": "INFO", "language": "ar"},
        {"number": numbers[1].lower(), "time": "0001", "appointment": booked[:6]},
        {"number": "A000", "time": "00:01", "service": "INFO"},
    )
    preview = clerk.post(PAGE, data=typed(*rows))
    assert preview.status_code == 200, preview.text
    said = shown(preview)
    assert "Take 2 numbers in" in said, re.findall("<li>Row.*", said)
    assert booked in preview.text
    assert "Row 3 (A000)" in said
    assert "Arabic" in preview.text
    assert hidden(preview)["appointment_1"] == booked
    sent = hidden(preview) | {"step": "take"}
    taken = clerk.post(PAGE, data=sent)
    assert taken.status_code == 200
    assert numbers[0] in taken.text.partition("<h1>")[0]
    assert numbers[1] in taken.text.partition("<h1>")[0]
    assert 'value="A000"' in taken.text
    state = clerk.get(f"/en/staff/heidelberg/appointments/{booked}").text
    assert "has arrived" in state
    again = clerk.post(PAGE, data=hidden(preview))
    assert again.text.count("Was taken in already.") == 2
    assert clerk.post(PAGE, data=sent).status_code == 200


@pytest.mark.usefixtures("_emptied")
def test_the_api_says_first_what_rows_would_mean(hall: Hall) -> None:
    clerk, numbers = hall.staff("clerk"), sheet(hall)
    booked = hall.book_soon()["code"]
    rows = [
        {"number": numbers[0], "time": "00:01:00", "appointment": booked, "language": "uk"},
        {"number": numbers[1], "time": "00:01:00"},
    ]
    said = clerk.post(f"{API}/preview", json={"rows": rows})
    shaped("POST /offices/{office}/paper-numbers/preview", said)
    first, second = said.json()["rows"]
    assert (first["appointment"], first["language"], first["code"]) == (booked, "uk", None)
    assert second["code"] == "unknown_service"
    assert hall.staff("case_worker").post(f"{API}/preview", json={"rows": rows}).status_code == 403
    taken = clerk.post(API, json={"rows": rows}).json()["rows"]
    assert [(row["taken"], row["known"]) for row in taken] == [(True, False), (False, False)]
    again = clerk.post(API, json={"rows": rows}).json()["rows"]
    assert again[0]["known"]


@pytest.mark.parametrize(
    ("time", "read"),
    [("9:20", "09:20"), ("0920", "09:20"), ("9.05", "09:05"), ("٠٩:٢٠", "09:20"), ("9 Uhr", None)],
)
def test_times_are_read_as_people_write_them(time: str, read: str | None) -> None:
    row = dict.fromkeys(FIELDS, "") | {"number": "A100", "service": "INFO", "time": time}
    found = getattr(read_row(row), "at", None)
    assert (found and f"{found:%H:%M}") == read
