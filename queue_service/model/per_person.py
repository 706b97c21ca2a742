"""How much one person may hold at a time, and who books for many."""

from contextlib import suppress

import msgspec


class Institution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who books for many: a counselling centre, a university, a lawyer."""

    address: str
    """An e-mail address, or ``@`` and a domain for everybody there."""
    live: int
    """So many live bookings at a time instead of `live_per_email`."""


class LimitsPerPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much one person may hold at a time; staff are not bound by it."""

    live_per_email: int = 0
    """Live bookings of one e-mail address; 0 = without bound."""
    institutions: tuple[Institution, ...] = ()


def letter_box(email: str) -> str:
    """The letter box that an address leads to, however it is written; empty for none.

    What stands behind a plus before the domain is left out, and a domain in letters of its own is
    the one that mail is sent to.
    """
    local, at, domain = email.strip().casefold().rpartition("@")
    if not at:
        return ""
    with suppress(UnicodeError):  # no domain that mail could be sent to stands for itself
        domain = domain.encode("idna").decode()
    return f"{local.partition('+')[0]}@{domain}"
