"""What stands around every answer: nothing of other sites presses, injects or is run."""

import pytest

from tests.served import Hall, client, counted


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_others_cannot_press_our_buttons(hall: Hall, headers: dict[str, str]) -> None:
    with client(hall.served) as browser:
        browser.cookies.set("queue_staff", hall.token("clerk"))
        before = counted(hall.served.city)
        for path in (
            "/de/desk/heidelberg.1/next",
            "/api/v1/desks/heidelberg.1/next",
            "/de/staff/out",
            "/de/heidelberg/book",
        ):
            answer = browser.post(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        assert counted(hall.served.city) == before


PAGES = [
    "/de",
    "/de/heidelberg",
    "/de/staff",
    "/de/nowhere",
    "/api/v1/offices",
    "/board/heidelberg.x",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_is_guarded_against_injection(hall: Hall, path: str) -> None:
    headers = hall.anyone.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_what_people_type_stays_text(hall: Hall) -> None:
    name = "<script>alert(1)</script><b onclick=x>"
    booking = hall.book("TRAN", name=name)
    page = hall.anyone.get(f"/de/b/{booking['code']}/{booking['secret']}").text
    assert "<script>alert" not in page
    assert "<b onclick" not in page
    for path in (
        "/de/%3Cscript%3Ealert(1)%3C/script%3E",
        "/de/heidelberg/book?service=%3Cscript%3Ealert(1)",
        "/de/b/%3Cscript%3Ealert(1)",
        "/de/b?code=%22%3E%3Cscript%3Ealert(1)",
    ):
        assert "<script>alert" not in hall.anyone.get(path).text
