"""Tables of the hall: visits, numbers, states of counters, notes that may be deleted."""

import sqlalchemy as sa

from queue_service.store.schema import INSTANT, authority_column, metadata, scope_columns

OPEN_VISITS = "state in ('waiting', 'called', 'serving', 'parked')"
AT_COUNTER = "state in ('called', 'serving')"
"""Written out in statements too: a partial index serves only literals."""

visit = sa.Table(
    "visit",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    *scope_columns(),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("need", sa.Text, nullable=False),
    sa.Column("parts", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("arrived", INSTANT, nullable=False),
    sa.Column("due", INSTANT, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("booking", sa.Uuid),
    sa.Column("counter", sa.Text),
    sa.Column("called_at", INSTANT),
    sa.Column("calls", sa.Integer, nullable=False),
    sa.Column("ended_at", INSTANT),
    sa.Column("ticket_hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("flags", sa.Text, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("stops", sa.Text, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("only", sa.Text),
    sa.Column("hand", sa.Text),
    sa.Column("aids", sa.Text, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("away_until", INSTANT),
    sa.Column("served_at", INSTANT),
    sa.Column("parked", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("urgency", sa.Text),
    sa.Index(
        "visit_one_a_counter",
        "office",
        "counter",
        unique=True,
        postgresql_where=sa.text(AT_COUNTER),
    ),
    sa.Index("visit_open", "office", postgresql_where=sa.text(OPEN_VISITS)),
    sa.Index(
        "visit_of_booking", "booking", unique=True, postgresql_where=sa.text("booking is not null")
    ),
)

ticket_series = sa.Table(
    "ticket_series",
    metadata,
    *scope_columns(),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("letter", sa.Text, nullable=False),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("issued", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("office", "day"),
)

ticket_block = sa.Table(
    "ticket_block",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    *scope_columns(),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("device", sa.Integer, nullable=False),
    sa.Column("first", sa.Integer, nullable=False),
    sa.Column("many", sa.Integer, nullable=False),
    sa.UniqueConstraint("office", "day", "first", name="block_once"),
    sa.CheckConstraint("many > 0 and first >= 0", name="block_sane"),
)
"""Numbers of a day that one kiosk keeps; disjoint, for `issued` of the series has passed them."""

desk = sa.Table(
    "desk",
    metadata,
    *scope_columns(),
    sa.Column("counter", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("since", INSTANT),
    sa.Column("by", sa.Integer, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("office", "counter"),
)
"""What a counter does; one without a row is open."""

note = sa.Table(
    "note",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    *scope_columns(),
    sa.Column("visit", sa.Uuid, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("by", sa.Integer, nullable=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.Index("note_of_visit", "visit"),
)
"""A sentence handed on with a visit: free text stays out of the journal and can be deleted."""

promise = sa.Table(
    "promise",
    metadata,
    sa.Column("visit", sa.Uuid, primary_key=True),
    *scope_columns(),
    sa.Column("need", sa.Text, nullable=False),
    sa.Column("given_at", INSTANT, nullable=False),
    sa.Column("p50", sa.Float, nullable=False),
    sa.Column("p80", sa.Float, nullable=False),
    sa.Column("naive", sa.Float, nullable=False),
    sa.Column("called_at", INSTANT),
    sa.Index("promise_of_day", "office", "given_at"),
)
"""The wait somebody was told first, in minutes, and when they were called."""

promise_cursor = sa.Table(
    "promise_cursor",
    metadata,
    sa.Column("office", sa.Integer, primary_key=True),
    authority_column(),
    sa.Column("seq", sa.BigInteger, nullable=False),
)
"""So far the journal was read for promises."""
