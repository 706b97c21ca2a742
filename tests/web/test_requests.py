"""Requests over HTTP, as programs and as people without scripts make them."""

from html import unescape
from re import findall
from uuid import uuid4

import httpx
import pytest

from tests.served import Hall, client, soon
from tests.web.shapes import shaped
from tests.web.test_staffing import sign_in

OFFICE = "/api/v1/offices/heidelberg"
FREE = tuple(f"AA1000{n}" for n in range(1, 9))
LIST = "serial,state,date\n" + "".join(f"{serial},ready,2026-11-20\n" for serial in FREE)
LATE = "AA20001"


@pytest.fixture(scope="module")
def cards(hall: Hall) -> Hall:
    """Heidelberg once its list of cards has been imported."""
    answer = hall.staff("manager").post(
        f"{OFFICE}/card-lists", content=f"{LIST}{LATE},delivered,x\n"
    )
    done = shaped("POST /offices/{office}/card-lists", answer)
    assert done["changed"] == len(FREE)
    assert done["doubts"] == [{"line": len(FREE) + 2, "why": "date", "said": "x"}]
    listed = f"serial,state,date\n{LATE},delivered,2026-11-20\n"
    assert hall.staff("clerk").post(f"{OFFICE}/card-lists", content=listed).status_code == 200
    soon(lambda: check(hall, LATE).status_code, lambda status: status == 409)
    return hall


def check(hall: Hall, *serials: str) -> httpx.Response:
    wish = {"service": "PICK", "cards": serials}
    return hall.anyone.post(f"{OFFICE}/card-checks", json=wish)


def ask(hall: Hall, *serials: str, persons: int = 1, **more: object) -> httpx.Response:
    wish = {
        "services": [{"service": "PICK", "persons": persons}],
        "start": hall.free("PICK")[3],
        "cards": serials,
        **more,
    }
    return hall.anyone.post(f"{OFFICE}/holds", json=wish)


def test_only_the_office_imports_and_sees_its_cards(cards: Hall, stuttgart: Hall) -> None:
    assert cards.anyone.post(f"{OFFICE}/card-lists", content=LIST).status_code == 401
    assert stuttgart.staff("manager").post(f"{OFFICE}/card-lists", content=LIST).status_code == 403
    assert cards.staff("guide").get(f"{OFFICE}/cards").status_code == 403
    said = shaped("GET /offices/{office}/cards", cards.staff().get(f"{OFFICE}/cards"))
    assert said["states"] == {"delivered": 1, "ready": len(FREE)}


def test_unknown_and_late_cards_cannot_be_told_apart(cards: Hall) -> None:
    late, unknown = check(cards, LATE), check(cards, "ZZ99999")
    assert late.status_code == unknown.status_code == 409
    assert late.content == unknown.content
    assert late.json()["next_check"] == "2026-11-30"
    assert shaped("POST /offices/{office}/card-checks", check(cards, FREE[0]))["ready"] is True


def test_a_hold_takes_its_cards_whole_or_not_at_all(cards: Hall) -> None:
    assert ask(cards).json()["fields"] == ["cards"]
    assert ask(cards, FREE[0], LATE, persons=2).json()["code"] == "card_not_ready"
    assert ask(cards, "aa1 00-01", FREE[1], persons=2).status_code == 201
    assert ask(cards, FREE[1]).json()["code"] == "card_not_ready"


def test_staff_book_with_the_cards_or_without_any(cards: Hall) -> None:
    at, start = f"/en/staff/{cards.office}/book", cards.free("PICK")[-1]
    form = {"service": "PICK", "persons": "1", "day": start[:10], "start": start, "name": "Amal"}
    desk = sign_in(cards, "clerk")
    assert "Number of the card" in desk.get(at, params=form).text
    late = desk.post(at, data=form | {"cards": LATE})
    assert late.status_code == 409
    assert f'value="{LATE}"' in late.text, "what was typed is not lost"
    assert desk.post(at, data=form | {"cards": f"{FREE[7]}, {FREE[6]}"}).status_code == 422
    assert desk.post(at, data=form | {"cards": FREE[7]}).status_code == 303
    assert ask(cards, FREE[7]).json()["code"] == "card_not_ready"
    wish = {
        "services": [{"service": "PICK", "persons": 1}],
        "start": start,
        "applicant": {"name": "Ben"},
    }
    book = f"{OFFICE}/bookings"
    taken = cards.staff("clerk").post(book, json=wish | {"cards": [FREE[7]]})
    assert (taken.status_code, taken.json()["code"]) == (409, "card_not_ready")
    assert "next_check" in taken.json()
    assert cards.staff("clerk").post(book, json=wish).status_code == 201


def test_answers_are_asked_for_and_only_flags_come_back_to_the_desk(cards: Hall) -> None:
    held = ask(cards, FREE[2], FREE[3], persons=2).json()
    wish = {"hold": held["hold"], "secret": held["secret"], "applicant": {"name": "A B"}}
    refused = cards.anyone.post("/api/v1/bookings", json=wish)
    assert refused.status_code == 422
    assert [e["field"] for e in refused.json()["errors"]] == ["answers.under_16"]
    parentless = {"under_16": "1", "parent": "no"}
    against = cards.anyone.post("/api/v1/bookings", json=wish | {"answers": parentless})
    assert against.json()["code"] == "not_so"
    assert "parent" in against.json()["detail"]
    answers = {"under_16": "0", "by_proxy": "1", "proxy_paper": "no"}
    given = cards.anyone.post("/api/v1/bookings", json=wish | {"answers": answers})
    assert given.status_code == 201, given.text
    shown = cards.anyone.get(f"/en/b/{given.json()['code']}/{given.json()['secret']}").text
    assert "power of attorney still missing" in shown


def test_an_address_is_left_for_one_message_and_taken_back(cards: Hall) -> None:
    wish = {"service": "PICK", "card": LATE, "email": "lena@example.org", "language": "ar"}
    left = shaped(
        "POST /offices/{office}/card-contacts",
        cards.anyone.post(f"{OFFICE}/card-contacts", json=wish),
    )
    path = f"{OFFICE}/card-contacts/{left['contact']}"
    assert cards.anyone.delete(path).json()["code"] == "unknown_contact"
    with client(cards.served, left["secret"]) as owner:
        for _ in range(2):
            shaped("DELETE /offices/{office}/card-contacts/{contact}", owner.delete(path))
    bad = cards.anyone.post(f"{OFFICE}/card-contacts", json=wish | {"email": "lena"})
    assert bad.status_code == 422


@pytest.mark.parametrize("email", ["a,b@x.de", "a\u202eb@x.de"])
def test_the_page_says_of_an_address_that_no_letter_reaches_that_it_is_none(
    cards: Hall, email: str
) -> None:
    asked = cards.anyone.post(
        "/en/heidelberg/cards", data={"service": "PICK", "persons": "1", "number.1": LATE}
    )
    wish = {name: values[0] for name, values in fields(asked.text).items()}
    tell = "/en/heidelberg/cards/tell"
    refused = cards.anyone.post(tell, data=wish | {"email": email})
    assert refused.status_code == 422
    assert "an address looks like name@example.org" in refused.text
    assert cards.anyone.post(tell, data=wish | {"email": "lena@example.org"}).status_code == 200


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({"ags": "08222000"}, "not_responsible"),
        ({"postcode": "68159"}, "not_responsible"),
        ({"ags": "08111000"}, "not_responsible"),
        ({"postcode": "00000"}, "unknown_place"),
        ({"postcode": "abc"}, "invalid"),
    ],
)
def test_residence_is_answered_before_any_time(
    hall: Hall, place: dict[str, str], code: str
) -> None:
    days = hall.anyone.get(f"{OFFICE}/availability", params={"service": "BIO", **place})
    assert days.json()["code"] == code
    wish = {"services": [{"service": "BIO"}], "start": hall.free("BIO")[0], **place}
    assert hall.anyone.post(f"{OFFICE}/holds", json=wish).json()["code"] == code
    page = hall.anyone.get("/en/heidelberg/book", params={"service": "BIO", **place})
    assert page.status_code >= 400
    assert 'name="start"' not in page.text
    if "ags" in place and place["ags"] == "08111000":
        assert "Eberhardstraße 39" in page.text, "the address that the sister office has itself"
    elif code == "not_responsible":
        assert days.json()["responsible"]["web"] == "https://www.mannheim.de"
        assert "https://www.mannheim.de" in page.text


def test_residence_counts_also_for_days_that_others_have_asked_for(hall: Hall) -> None:
    path = "/api/v1/offices/heidelberg/availability"
    asked = {"service": "PICK", "from": "2026-11-24", "to": "2026-11-25"}
    elsewhere = asked | {"ags": "08111000"}
    assert hall.anyone.get(path, params=asked).status_code == 200
    assert hall.anyone.get(path, params=elsewhere).json()["code"] == "not_responsible"


def test_residents_see_times(hall: Hall) -> None:
    days = hall.anyone.get(f"{OFFICE}/availability?service=BIO&postcode=69115")
    assert days.status_code == 200


def test_several_services_take_their_sum_and_show_no_buffer(hall: Hall) -> None:
    both = hall.anyone.get(
        f"{OFFICE}/availability?service=BIO&persons=2&service=DOCS&persons=1"
    ).json()
    assert both["minutes"] == 20  # 8 + 6 and 5, rounded up
    interview = hall.anyone.get(f"{OFFICE}/availability?service=APPL").json()
    assert interview["minutes"] == 30
    start = hall.free("APPL")[0]
    held = hall.ask_hold(start, "APPL").json()
    length = [int(part) for part in held["end"][11:16].split(":")]
    began = [int(part) for part in held["start"][11:16].split(":")]
    assert (length[0] - began[0]) * 60 + length[1] - began[1] == 30


def fields(page: str) -> dict[str, list[str]]:
    """Hidden fields of the last form that carries a start or a name."""
    found: dict[str, list[str]] = {}
    form = page.rsplit("<form", 1)[1] if page.count("<form") == 1 else page
    for name, value in findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form):
        if unescape(value) not in found.setdefault(name, []) or name in ("persons",):
            found[name].append(unescape(value))
    return found


def test_a_family_books_by_forms_alone(cards: Hall) -> None:
    with client(cards.served) as somebody:
        somebody.follow_redirects = True
        page = somebody.get("/en/heidelberg/book?service=PICK&persons=2&postcode=69115")
        assert page.url.path == "/en/heidelberg/cards"
        numbers = {"service": "PICK", "persons": "2", "number.1": FREE[4], "number.2": LATE}
        late = somebody.post("/en/heidelberg/cards", data=numbers)
        assert late.status_code == 409
        named = late.text.partition("Not ready:")[2]
        assert findall(r"card (?:<bdi[^>]*>)?(\d)", named)[0] == "2"
        assert FREE[4] not in str(late.url)
        times = somebody.post("/en/heidelberg/cards", data=numbers | {"number.2": FREE[5]})
        assert times.url.path == "/en/heidelberg/book"
        assert FREE[4] not in str(times.url)
        tokens = times.url.params.get_list("card")
        assert len(tokens) == 2
        start = findall(r'name="start" value="([^"]+)" required>', times.text)[0]
        wish = {"service": "PICK", "persons": "2", "card": tokens}
        key = {"idempotency_key": str(uuid4())}
        details = somebody.post("/en/heidelberg/book", data={**wish, **key, "start": start})
        assert details.status_code == 200, details.text.partition('role="alert"')[2][:300]
        assert "How many of the persons are under 16" in details.text
        assert details.text.count('name="card"') == 2
        empty = somebody.post("/en/heidelberg/details", data={**wish, "do": "check"})
        assert empty.status_code == 422
        assert 'id="q.under_16-error"' in empty.text
        said = {"name": "Amal Family", "q.under_16": "1", "q.parent": "yes"}
        look = somebody.post("/en/heidelberg/details", data={**wish, **said, "do": "check"})
        assert "each child's passport" in unescape(look.text)
        done = somebody.post(
            "/en/heidelberg/details",
            data={**wish, **said, "do": "confirm", "idempotency_key": str(uuid4())},
        )
        assert done.url.path.startswith("/en/b/")
        assert "each child's passport" in unescape(done.text)


def test_services_of_different_counters_say_what_to_do(stuttgart: Hall) -> None:
    page = stuttgart.anyone.get("/en/stuttgart/book?service=TRAN&persons=1&also.PICK=2")
    assert page.status_code == 422
    assert "cannot be had in one appointment" in page.text
    both = stuttgart.anyone.get("/en/stuttgart/book?service=TRAN&persons=1&also.NERL=2")
    assert both.status_code == 200
    assert fields(both.text)["service"] == ["TRAN", "NERL"]


def test_the_console_imports_a_file(cards: Hall) -> None:
    somebody = cards.staff("manager")
    page = somebody.get("/de/console/heidelberg/cards")
    assert page.status_code == 200
    file = ("karten.csv", "Seriennummer;Status;Datum\nBB10001;abholbereit;20.11.2026\nx;;\n")
    done = somebody.post("/de/console/heidelberg/cards", files={"file": file})
    assert done.status_code == 200
    assert "1" in done.text
    assert "4 bis 40 Buchstaben" in done.text
    none = somebody.post("/de/console/heidelberg/cards", files={"file": ("", b"")})
    assert none.status_code == 422
    assert cards.staff("guide").get("/de/console/heidelberg/cards").status_code == 403


def test_the_kiosk_turns_nobody_to_a_counter_that_may_not_help(hall: Hall) -> None:
    def come(service: str, postcode: str) -> httpx.Response:
        wish = {"walk_in": {"service": service, "postcode": postcode}}
        return hall.kiosk.post("/api/v1/kiosk/check-ins", json=wish)

    assert come("FIKT", "68159").json()["code"] == "not_responsible"
    assert come("FIKT", "69115").status_code == 201
    assert come("EMER", "68159").status_code == 201
