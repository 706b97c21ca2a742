"""Makes a message of a letter and hands it to a mail server; knows neither outbox nor bookings.

Headers are set through EmailMessage alone and from cleaned values, so nothing a person typed can
add a header or a recipient.
"""

import asyncio
import re
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

import aiosmtplib
import msgspec

from queue_service.language import tag
from queue_service.notify.letters import Letter, one_line

_POLICY = SMTP.clone(cte_type="7bit")
_ADDRESS = re.compile(r"""[^\s<>(),;:"\\\[\]@\x00-\x1f\x7f]{1,64}@[^\W_](?:[\w.-]{0,251}[^\W_])?""")
_COMMAND_PATIENCE_S = 30.0
PATIENCE = timedelta(minutes=2)
"""For a whole delivery; well below the time after which a claimed letter counts as interrupted."""
_PERMANENT = 500
"""SMTP answers from here on are final (RFC 5321, 4.2.1)."""


class Post(msgspec.Struct, frozen=True):
    """The mail server to use and who the letters come from."""

    host: str
    port: int
    sender: str
    """Address of the house: ``From``, envelope sender and organizer of calendar entries."""
    user: str = ""
    password: str = ""
    tls: str = "none"
    """none · starttls · tls"""


class UnusableAddressError(ValueError):
    """What was given as an address is none; nothing is sent. The text never repeats it."""


def recipient(email: str) -> Address:
    """The one address that `email` is, its domain in ASCII.

    Raises UnusableAddressError for anything else: lists, display names, line breaks, spaces.
    """
    if not _ADDRESS.fullmatch(email):
        raise UnusableAddressError("not one plain address")
    local, _, domain = email.rpartition("@")
    try:
        return Address(username=local, domain=domain.encode("idna").decode("ascii"))
    except (ValueError, UnicodeError) as error:
        raise UnusableAddressError("not one plain address") from error


def message_id(letter: UUID, post: Post) -> str:
    """Always the same for the same row of the outbox, so a repeated letter is recognised as one."""
    return f"<{letter}@{post.sender.rpartition('@')[2]}>"


def compose(letter: Letter, *, to: str, post: Post, identity: str, at: datetime) -> EmailMessage:
    """`letter` as a message to exactly one recipient, dated `at`, with Message-ID `identity`.

    Raises UnusableAddressError when `to` is not one plain address.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = recipient(post.sender)
    message["To"] = recipient(to)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = at
    message["Message-ID"] = identity
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    if letter.qr is not None:
        _page(message).add_related(
            letter.qr,
            "image",
            "png",
            cid=f"<{letter.qr_cid}>",
            disposition="inline",
            filename="code.png",
        )
    if letter.ics is not None:
        message.add_attachment(
            letter.ics,
            "text",
            "calendar",
            filename="termin.ics",
            params={"method": letter.method, "charset": "utf-8"},
        )
    # Last: whatever turns a message into a multipart takes its Content headers along.
    message["Content-Language"] = tag(letter.language)
    return message


def _page(message: EmailMessage) -> EmailMessage:
    """The HTML part, which carries the picture it shows."""
    page = message.get_body(("html",))
    if not isinstance(page, EmailMessage):  # compose has just added it
        raise TypeError("a letter without HTML")
    return page


async def send(message: EmailMessage, post: Post) -> None:
    """Deliver `message` to its one recipient.

    Raises aiosmtplib.SMTPException, OSError or TimeoutError when the server did not take it; a
    server that answers too slowly counts as one that did not.
    """
    async with asyncio.timeout(PATIENCE.total_seconds()):
        await aiosmtplib.send(
            message,
            sender=post.sender,
            recipients=[message["To"].addresses[0].addr_spec],
            hostname=post.host,
            port=post.port,
            username=post.user or None,
            password=post.password or None,
            use_tls=post.tls == "tls",
            start_tls=post.tls == "starttls",
            timeout=_COMMAND_PATIENCE_S,
        )


def final(error: Exception) -> bool:
    """Whether trying again cannot help: recipient or content were refused for good.

    A refused sender or log-in is our own fault and will be mended: those letters wait.
    """
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return all(refused.code >= _PERMANENT for refused in error.recipients)
        case aiosmtplib.SMTPDataError():
            return error.code >= _PERMANENT
        case _:
            return isinstance(error, aiosmtplib.SMTPNotSupported)
