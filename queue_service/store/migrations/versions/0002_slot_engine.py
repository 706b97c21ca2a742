"""The slot engine: cards, wishes, offers, and what a booking gains for them."""

from alembic import op

revision = "0002"
down_revision = "0001"

CHANGES: tuple[str, ...] = (
    # Limits per e-mail, and where a moved booking stood.
    "alter table booking add column email_key bytea",
    "alter table booking add column moved_from timestamptz",
    "create index booking_of_email on booking (email_key)"
    " where email_key is not null and state in ('pending', 'booked')",
)
"""Statements in order; a table of its own is created here and named in `TABLES`."""

TABLES: tuple[str, ...] = ()
"""Tables created by `CHANGES`: all stand under row-level security."""

POLICY = (
    'alter table "{table}" enable row level security',
    'alter table "{table}" force row level security',
    'create policy authority_only on "{table}" to public'
    " using (authority = (select current_setting('queue.authority')::int))"
    " with check (authority = (select current_setting('queue.authority')::int))",
    'grant select, insert, update, delete on "{table}" to queue_app',
)


def upgrade() -> None:
    """Change and create, then grant the application what it needs, never ownership."""
    for statement in CHANGES:
        op.execute(statement)
    for table in TABLES:
        for statement in POLICY:
            op.execute(statement.format(table=table))
    op.execute("grant usage on all sequences in schema public to queue_app")
