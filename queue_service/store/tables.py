"""Every table. All but `directory`, `authority` and `alembic_version` stand under row security."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

metadata = MetaData()
INSTANT = DateTime(timezone=True)


def _authority() -> Column[int]:
    return Column("authority", Integer, nullable=False)


def _office() -> Column[int]:
    return Column("office", Integer, nullable=False)


authority = Table(
    "authority",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
)

directory = Table(
    "directory",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    _authority(),
    _office(),
)
"""SHA-256 of a public code → where it lives; the only way in without knowing the authority."""

office = Table(
    "office",
    metadata,
    Column("id", Integer, primary_key=True),
    _authority(),
    Column("slug", Text, nullable=False, unique=True),
    Column("real_anchor", INSTANT, nullable=False),
    Column("office_anchor", INSTANT, nullable=False),
    Column("rate", Float, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("recorded", INSTANT, nullable=False),
    postgresql_with={"fillfactor": 20},
)
"""One row an office: locked first by every turn, holds the clock map and the journal's end."""

layer = Table(
    "layer",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _authority(),
    _office(),
    Column("subject", Text, nullable=False),
    Column("change", Text, nullable=False),
    Column("since", INSTANT, nullable=False),
    Column("until", INSTANT),
    Column("author", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Index("layer_of_office", "office", "subject"),
)

limit = Table(
    "limit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _authority(),
    _office(),
    Column("key", Text, nullable=False),
    UniqueConstraint("office", "key", name="limit_once"),
)

cell = Table(
    "cell",
    metadata,
    Column("limit", Integer, nullable=False),
    Column("tick", Integer, nullable=False),
    _authority(),
    Column("capacity", Integer, nullable=False),
    Column("taken", Integer, nullable=False, server_default=text("0")),
    Column("granted", Integer, nullable=False, server_default=text("0")),
    Column("left_over", Integer, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("limit", "tick"),
    CheckConstraint("taken <= capacity + granted + left_over", name="cell_not_over"),
    CheckConstraint("taken >= 0", name="cell_not_negative"),
    CheckConstraint("capacity >= 0 and granted >= 0 and left_over >= 0", name="cell_sane"),
    postgresql_with={"fillfactor": 50},
)
"""One limit during one period; `granted` by staff and `left_over` by an edit are kept apart.

No index may mention `taken`: updates stay within the page.
"""

LIVE_STATES = "state in ('pending', 'booked')"
EXPIRING_STATES = "state in ('held', 'offered', 'pending')"
OPEN_VISITS = "state in ('waiting', 'called')"
"""Written out in statements too: a partial index serves only literals."""

booking = Table(
    "booking",
    metadata,
    Column("id", Uuid, primary_key=True),
    _authority(),
    _office(),
    Column("state", Text, nullable=False),
    Column("start", INSTANT, nullable=False),
    Column("end", INSTANT, nullable=False),
    Column("parts", Text, nullable=False),
    Column("limits", ARRAY(Integer), nullable=False),
    Column("once", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("code", Text),
    Column("group", Text, nullable=False),
    Column("person_key", LargeBinary),
    Column("until", INSTANT),
    Column("held_at", INSTANT),
    Column("extensions", Integer, nullable=False),
    Column("overbooked", Boolean, nullable=False),
    CheckConstraint('"start" < "end"', name="booking_lasts"),
    Index("booking_code", "code", unique=True, postgresql_where=text("code is not null")),
    Index(
        "booking_once_a_person",
        "person_key",
        "group",
        unique=True,
        postgresql_where=text(f"person_key is not null and {LIVE_STATES}"),
    ),
    Index("booking_due", "office", "until", postgresql_where=text(EXPIRING_STATES)),
    Index("booking_by_start", "office", "start"),
)

receipt = Table(
    "receipt",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    _authority(),
    _office(),
    Column("digest", LargeBinary, nullable=False),
    Column("answer", Text, nullable=False),
    Column("at", INSTANT, nullable=False),
    Index("receipt_age", "at"),
)
"""Idempotency keys, hashed with their scope; the answer holds no secret; real time, kept a day."""

person = Table(
    "person",
    metadata,
    Column("booking", Uuid, primary_key=True),
    _authority(),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("birth_date", Date),
)

visit = Table(
    "visit",
    metadata,
    Column("id", Uuid, primary_key=True),
    _authority(),
    _office(),
    Column("number", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("need", Text, nullable=False),
    Column("parts", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("arrived", INSTANT, nullable=False),
    Column("due", INSTANT, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("booking", Uuid),
    Column("counter", Text),
    Column("called_at", INSTANT),
    Column("calls", Integer, nullable=False),
    Column("ended_at", INSTANT),
    Column("ticket_hash", LargeBinary, nullable=False, unique=True),
    Index(
        "visit_one_a_counter",
        "office",
        "counter",
        unique=True,
        postgresql_where=text("state = 'called'"),
    ),
    Index("visit_open", "office", postgresql_where=text(OPEN_VISITS)),
    Index("visit_of_booking", "booking", unique=True, postgresql_where=text("booking is not null")),
)

ticket_series = Table(
    "ticket_series",
    metadata,
    _authority(),
    _office(),
    Column("day", Date, nullable=False),
    Column("letter", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("issued", Integer, nullable=False),
    PrimaryKeyConstraint("office", "day"),
)

journal = Table(
    "journal",
    metadata,
    _office(),
    Column("seq", BigInteger, nullable=False),
    _authority(),
    Column("recorded", INSTANT, nullable=False),
    Column("happened", INSTANT, nullable=False),
    Column("by", Integer, nullable=False),
    Column("undoes", BigInteger),
    Column("tag", Text, nullable=False),
    Column("body", Text),
    Column("digest", LargeBinary, nullable=False),
    Column("salt", LargeBinary),
    Column("link", LargeBinary, nullable=False),
    PrimaryKeyConstraint("office", "seq"),
)

errand = Table(
    "errand",
    metadata,
    Column("id", Uuid, primary_key=True),
    _authority(),
    _office(),
    Column("kind", Text, nullable=False),
    Column("params", Text, nullable=False),
    Column("cursor", Text, nullable=False),
    Column("state", Text, nullable=False),
    Index("errand_open", "office", postgresql_where=text("state = 'open'")),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    _authority(),
    _office(),
    Column("seq", BigInteger, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("booking", Uuid, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("due", INSTANT, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_try", INSTANT, nullable=False),
    Column("claimed_at", INSTANT),
    Column("sent_at", INSTANT),
    Column("error", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("office", "seq", "purpose", "booking", name="outbox_once"),
    Index("outbox_due", "next_try", postgresql_where=text("state in ('due', 'sending')")),
    Index("outbox_of_booking", "booking"),
)

outbox_cursor = Table(
    "outbox_cursor",
    metadata,
    Column("office", Integer, primary_key=True),
    _authority(),
    Column("seq", BigInteger, nullable=False),
)

device = Table(
    "device",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _authority(),
    _office(),
    Column("key", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("revoked", Boolean, nullable=False),
    UniqueConstraint("office", "key", name="device_once"),
)

staff = Table(
    "staff",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _authority(),
    _office(),
    Column("login", Text, nullable=False, unique=True),
    Column("password", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("active", Boolean, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    _authority(),
    Column("staff", Integer, nullable=False),
    Column("until", INSTANT, nullable=False),
)

OUTSIDE_ROW_SECURITY = frozenset({"authority", "directory"})
APPEND_ONLY = frozenset({"journal"})
