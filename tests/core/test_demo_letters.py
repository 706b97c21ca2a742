"""Letters of the demo are kept whole, shown as text and never fetched from outside the folder."""

import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest

from queue_service.demo import letters, links, sink
from queue_service.demo.links import Counter, Device, Links, Login, OfficeLinks


def letter(subject: str = "Termin") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@localhost", "b@example.org", subject
    message.set_content("مرحبا\nhttp://localhost/T/ABC\n")
    message.add_alternative(
        '<style>p{}</style><p>مرحبا <a href="http://localhost/x">hier</a></p><script>1</script>',
        subtype="html",
    )
    message.add_attachment(b"BEGIN:VCALENDAR", "text", "calendar", filename="termin.ics")
    message["Content-Language"] = "ar"
    return message


def test_a_letter_that_came_by_smtp_is_shown_with_what_was_attached(tmp_path: Path) -> None:
    post = sink.Sink(tmp_path)
    post.start()
    try:
        with smtplib.SMTP("127.0.0.1", post.port) as sender:
            sender.send_message(letter())
    finally:
        post.stop()
    (shown,) = letters.newest(tmp_path)
    assert (shown.to, shown.subject, shown.language) == ("b@example.org", "Termin", "ar")
    assert shown.text.startswith("مرحبا")
    assert shown.from_html == "مرحبا (http://localhost/x) hier"
    assert [(a.name, a.kind) for a in shown.attachments] == [("termin.ics", "text/calendar")]
    assert shown.attachments[0].content == b"BEGIN:VCALENDAR"


def test_the_newest_letter_comes_first_and_only_so_many_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink, "KEPT_LETTERS", 3)
    for number in range(5):
        sink.keep(tmp_path, letter(str(number)).as_bytes())
    assert [shown.subject for shown in letters.newest(tmp_path)] == ["4", "3", "2"]


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "letters"
    inside.mkdir()
    outside = sink.keep(tmp_path, letter().as_bytes())
    assert letters.read(inside, outside.stem) is None
    assert letters.read(inside, f"../{outside.stem}") is None


def test_a_disk_that_is_full_asks_the_sender_to_come_again(tmp_path: Path) -> None:
    post = sink.Sink(tmp_path / "missing")
    post.start()
    try:
        with (
            smtplib.SMTP("127.0.0.1", post.port) as sender,
            pytest.raises(smtplib.SMTPDataError) as refused,
        ):
            sender.send_message(letter())
    finally:
        post.stop()
    assert refused.value.smtp_code == 452


def a_demo(*, living: bool = True) -> Links:
    office = OfficeLinks(
        office="heidelberg",
        name="Heidelberg",
        speed=30,
        kiosk=Device("heidelberg.kiosk-1", "KIOSKKEY"),
        board=Device("heidelberg.board-1", "BOARDKEY"),
        tablet=Device("heidelberg.entrance-1", "TABLETKEY"),
        counters=(
            Counter("heidelberg.1", "Platz 1", free=True),
            Counter("heidelberg.2", "Platz 2", free=False),
        ),
        logins=(Login("clerk@heidelberg", "password", "clerk"),),
    )
    return Links(base_url="http://localhost:8000", offices=(office,), living=living)


def test_links_are_for_the_owner_only_and_read_back_the_same(tmp_path: Path) -> None:
    links.write(tmp_path, a_demo())
    assert links.read(tmp_path) == a_demo()
    assert (tmp_path / links.FILE).stat().st_mode & 0o777 == 0o600


def test_the_table_names_every_screen_and_the_free_counter() -> None:
    table = links.table(a_demo())
    for part in (
        "http://localhost:8000/de/heidelberg",
        "http://localhost:8000/enrol/KIOSKKEY",
        "http://localhost:8000/board/heidelberg.board-1",
        "http://localhost:8000/de/desk/heidelberg.1   free for you",
        "http://localhost:8000/demo/letters",
        "clerk@heidelberg",
        "30 times as fast",
    ):
        assert part in table
