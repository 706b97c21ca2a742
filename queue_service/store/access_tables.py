"""Tables of those who work here: devices with keys and heartbeats, staff and their sessions."""

import sqlalchemy as sa

from queue_service.store.schema import INSTANT, authority_column, metadata, scope_columns

device = sa.Table(
    "device",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    *scope_columns(),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("revoked", sa.Boolean, nullable=False),
    sa.UniqueConstraint("office", "key", name="device_once"),
)

enrolment = sa.Table(
    "enrolment",
    metadata,
    *scope_columns(),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("until", INSTANT, nullable=False),
    sa.Column("by", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("office", "device"),
    sa.UniqueConstraint("hash", name="enrolment_hash"),
)

heartbeat = sa.Table(
    "heartbeat",
    metadata,
    sa.Column("device", sa.Integer, primary_key=True, autoincrement=False),
    *scope_columns(),
    sa.Column("seen", INSTANT, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("last_event", sa.BigInteger),
    sa.Column("sound", sa.Text, nullable=False),
    sa.Column("offset_ms", sa.BigInteger),
    sa.Column("paper", sa.Text, nullable=False),
    sa.Column("printer", sa.Text, nullable=False),
)

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    *scope_columns(),
    sa.Column("login", sa.Text, nullable=False, unique=True),
    sa.Column("password", sa.Text, nullable=False),
    sa.Column("roles", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("hash", sa.LargeBinary, primary_key=True),
    authority_column(),
    sa.Column("staff", sa.Integer, nullable=False),
    sa.Column("until", INSTANT, nullable=False),
)
