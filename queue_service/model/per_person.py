"""How much one person may hold at a time, and who books for many."""

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
