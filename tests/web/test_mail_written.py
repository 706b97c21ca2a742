"""A letter as mail: addresses, headers that nothing can be smuggled into, refusals, pauses."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import UUID

import aiosmtplib
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import given
from hypothesis import strategies as st

from queue_service.notify import mail, outbox
from queue_service.notify.letters import Letter, qr_png
from queue_service.notify.outbox import pause
from tests.servers import free_port

POST = mail.Post("127.0.0.1", 1, "termine@office.example")
AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
IDENTITY = mail.message_id(UUID(int=1), POST)
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
]
NASTY = st.text() | st.builds(
    lambda before, gap, header: f"{before}{gap}{header}: evil@evil.example{gap}{gap}body",
    st.text(max_size=20),
    st.sampled_from(["\r\n", "\n", "\r", "\u2028", "\x00", "\x0b", "\x85"]),
    st.sampled_from(["Bcc", "To", "From", "Content-Type"]),
)


def letter(subject: str = "Termin", text: str = "Guten Tag,\n", html: str = "<p>Tag</p>") -> Letter:
    return Letter(
        language="de", subject=subject, text=text, html=html, ics=b"BEGIN:VCALENDAR\r\n",
        method="REQUEST", qr=qr_png("HTTPS://A/T/B"),
    )  # fmt: skip


def composed(written: Letter, to: str = "amal@example.org") -> EmailMessage:
    return mail.compose(written, to=to, post=POST, identity=IDENTITY, at=AT)


class Door:
    """A server that knows one address only."""

    async def handle_RCPT(  # noqa: N802 - the name of aiosmtpd's hook
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        if address == "later@example.org":
            return "450 busy"
        if address != "amal@example.org":
            return "550 unknown"
        envelope.rcpt_tos.append(address)
        return "250 ok"


@pytest.fixture
def door() -> Iterator[mail.Post]:
    port = free_port()
    controller = Controller(Door(), hostname="127.0.0.1", port=port)
    controller.start()
    yield mail.Post("127.0.0.1", port, "termine@office.example")
    controller.stop()


async def test_only_an_address_that_is_unknown_for_good_is_final(door: mail.Post) -> None:
    await mail.send(composed(letter()), door)
    for to, final in (("nobody@example.org", True), ("later@example.org", False)):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await mail.send(composed(letter(), to), door)
        assert mail.final(refused.value) is final


def test_our_own_faults_are_never_final() -> None:
    assert not mail.final(aiosmtplib.SMTPSenderRefused(550, "no", "termine@office.example"))
    assert not mail.final(aiosmtplib.SMTPAuthenticationError(535, "no"))
    assert not mail.final(ConnectionRefusedError())


@given(NASTY, NASTY)
def test_no_subject_and_no_text_can_add_a_header_or_a_recipient(subject: str, text: str) -> None:
    safe = text.encode(errors="replace").decode()
    message = composed(letter(subject, safe, safe))
    read = message_from_bytes(message.as_bytes(), policy=default)
    assert isinstance(read, EmailMessage)
    assert read.keys() == HEADERS
    assert [a.addr_spec for a in read["To"].addresses] == ["amal@example.org"]
    assert read.get_content_type() == "multipart/mixed"
    assert len(list(read.iter_parts())) == 2
    assert not read.defects


@given(NASTY | st.emails())
def test_an_address_is_one_plain_address_or_none(address: str) -> None:
    try:
        found = mail.recipient(address)
    except mail.UnusableAddressError:
        return
    assert found.addr_spec.isprintable()
    assert found.addr_spec.count("@") == 1
    assert not set(found.addr_spec) & set(' <>(),;:"\\[]')
    message = composed(letter(), address)
    assert [a.addr_spec for a in message["To"].addresses] == [found.addr_spec]


def test_domains_with_umlauts_are_written_as_mail_servers_know_them() -> None:
    assert mail.recipient("amal@exämple.org").addr_spec == "amal@xn--exmple-cua.org"


def test_pauses_grow_from_half_a_minute_to_an_hour_and_differ() -> None:
    longest = [pause(n, 1.0) for n in range(1, 12)]
    assert longest == sorted(longest)
    assert longest[0] == timedelta(seconds=30)
    assert longest[-1] == timedelta(hours=1)
    assert pause(1, 0.0) == timedelta(seconds=15)
    assert pause(10_000, 1.0) == timedelta(hours=1)


def test_a_delivery_ends_well_before_its_claim() -> None:
    assert mail.PATIENCE * 2 < outbox.CLAIM


def test_the_message_id_belongs_to_the_row_and_to_our_domain() -> None:
    assert IDENTITY == "<00000000-0000-0000-0000-000000000001@office.example>"
