"""Every table. All but `directory`, `authority` and `alembic_version` stand under row security."""

import sqlalchemy as sa

from queue_service.store import access_tables, card_tables, floor_tables, schema, wish_tables
from queue_service.store.schema import INSTANT
from queue_service.store.schema import authority_column as _authority
from queue_service.store.schema import office_column as _office
from queue_service.store.schema import scope_columns as _scope

metadata = schema.metadata
device, staff, session = access_tables.device, access_tables.staff, access_tables.session
enrolment, heartbeat = access_tables.enrolment, access_tables.heartbeat
card, card_contact = card_tables.card, card_tables.card_contact
wish, wish_person, offer = wish_tables.wish, wish_tables.wish_person, wish_tables.offer
visit, ticket_series = floor_tables.visit, floor_tables.ticket_series
ticket_block, desk, note = floor_tables.ticket_block, floor_tables.desk, floor_tables.note
promise, promise_cursor = floor_tables.promise, floor_tables.promise_cursor

authority = sa.Table(
    "authority",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
)

directory = sa.Table(
    "directory",
    metadata,
    sa.Column("hash", sa.LargeBinary, primary_key=True),
    *_scope(),
)
"""SHA-256 of a public code → where it lives; the only way in without knowing the authority."""

office = sa.Table(
    "office",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _authority(),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    sa.Column("real_anchor", INSTANT, nullable=False),
    sa.Column("office_anchor", INSTANT, nullable=False),
    sa.Column("rate", sa.Float, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("head", sa.LargeBinary, nullable=False),
    sa.Column("recorded", INSTANT, nullable=False),
    postgresql_with={"fillfactor": 20},
)
"""One row an office: locked first by every turn, holds the clock map and the journal's end."""

layer = sa.Table(
    "layer",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    *_scope(),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("change", sa.Text, nullable=False),
    sa.Column("since", INSTANT, nullable=False),
    sa.Column("until", INSTANT),
    sa.Column("author", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Index("layer_of_office", "office", "subject"),
)

limit = sa.Table(
    "limit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    *_scope(),
    sa.Column("key", sa.Text, nullable=False),
    sa.UniqueConstraint("office", "key", name="limit_once"),
)

cell = sa.Table(
    "cell",
    metadata,
    sa.Column("limit", sa.Integer, nullable=False),
    sa.Column("tick", sa.Integer, nullable=False),
    _authority(),
    sa.Column("capacity", sa.Integer, nullable=False),
    sa.Column("taken", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("granted", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("left_over", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.PrimaryKeyConstraint("limit", "tick"),
    sa.CheckConstraint("taken <= capacity + granted + left_over", name="cell_not_over"),
    sa.CheckConstraint("taken >= 0", name="cell_not_negative"),
    sa.CheckConstraint("capacity >= 0 and granted >= 0 and left_over >= 0", name="cell_sane"),
    postgresql_with={"fillfactor": 50},
)
"""One limit during one period; `granted` by staff and `left_over` by an edit are kept apart.

No index may mention `taken`: updates stay within the page.
"""

LIVE_STATES = "state in ('pending', 'booked')"
DUE_STATES = "state in ('held', 'offered', 'pending', 'resting')"
RESTING = "state = 'resting'"
OFFERED = "state = 'offered'"
TO_COME = "state = 'booked'"
SURGE_ENTRIES = "starts_with(tag, 'surge_')"
"""Written out in statements too: a partial index serves only literals."""

booking = sa.Table(
    "booking",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    *_scope(),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("start", INSTANT, nullable=False),
    sa.Column("end", INSTANT, nullable=False),
    sa.Column("parts", sa.Text, nullable=False),
    sa.Column("limits", sa.ARRAY(sa.Integer), nullable=False),
    sa.Column("once", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("code", sa.Text),
    sa.Column("group", sa.Text, nullable=False),
    sa.Column("person_key", sa.LargeBinary),
    sa.Column("until", INSTANT),
    sa.Column("held_at", INSTANT),
    sa.Column("extensions", sa.Integer, nullable=False),
    sa.Column("overbooked", sa.Boolean, nullable=False),
    sa.Column("email_key", sa.LargeBinary),
    sa.Column("moved_from", INSTANT),
    sa.Column("buffer", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("flags", sa.Text, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("cards", sa.Text, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("rest_of", sa.Uuid),
    sa.CheckConstraint('"start" < "end"', name="booking_lasts"),
    sa.Index("booking_code", "code", unique=True, postgresql_where=sa.text("code is not null")),
    sa.Index(
        "booking_once_a_person",
        "person_key",
        "group",
        unique=True,
        postgresql_where=sa.text(f"person_key is not null and {LIVE_STATES}"),
    ),
    sa.Index(
        "booking_of_email",
        "email_key",
        postgresql_where=sa.text(f"email_key is not null and {LIVE_STATES}"),
    ),
    sa.Index("booking_one_offer", "person_key", unique=True, postgresql_where=sa.text(OFFERED)),
    sa.Index("booking_due", "office", "until", postgresql_where=sa.text(DUE_STATES)),
    sa.Index("booking_rest_of", "rest_of", postgresql_where=sa.text(RESTING)),
    sa.Index("booking_to_come", "office", "start", postgresql_where=sa.text(TO_COME)),
)

receipt = sa.Table(
    "receipt",
    metadata,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    *_scope(),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.Index("receipt_age", "at"),
)
"""Idempotency keys, hashed with their scope; the answer holds no secret; real time, kept a day."""

person = sa.Table(
    "person",
    metadata,
    sa.Column("booking", sa.Uuid, primary_key=True),
    _authority(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("phone", sa.Text, nullable=False),
    sa.Column("birth_date", sa.Date),
)

journal = sa.Table(
    "journal",
    metadata,
    _office(),
    sa.Column("seq", sa.BigInteger, nullable=False),
    _authority(),
    sa.Column("recorded", INSTANT, nullable=False),
    sa.Column("happened", INSTANT, nullable=False),
    sa.Column("by", sa.Integer, nullable=False),
    sa.Column("undoes", sa.BigInteger),
    sa.Column("tag", sa.Text, nullable=False),
    sa.Column("body", sa.Text),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("salt", sa.LargeBinary),
    sa.Column("link", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("office", "seq"),
    # The state of surge rules is folded from their own entries alone.
    sa.Index("journal_of_surge", "office", "seq", postgresql_where=sa.text(SURGE_ENTRIES)),
)

errand = sa.Table(
    "errand",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    *_scope(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("params", sa.Text, nullable=False),
    sa.Column("cursor", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Index("errand_open", "office", postgresql_where=sa.text("state = 'open'")),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    *_scope(),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("booking", sa.Uuid, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("due", INSTANT, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("next_try", INSTANT, nullable=False),
    sa.Column("claimed_at", INSTANT),
    sa.Column("sent_at", INSTANT),
    sa.Column("error", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("text", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.UniqueConstraint("office", "seq", "purpose", "booking", name="outbox_once"),
    sa.Index(
        "outbox_open", "office", "due", postgresql_where=sa.text("state in ('due', 'sending')")
    ),
    sa.Index("outbox_of_booking", "booking"),
)

outbox_cursor = sa.Table(
    "outbox_cursor",
    metadata,
    sa.Column("office", sa.Integer, primary_key=True),
    _authority(),
    sa.Column("seq", sa.BigInteger, nullable=False),
)

OUTSIDE_ROW_SECURITY = frozenset({"authority", "directory"})
