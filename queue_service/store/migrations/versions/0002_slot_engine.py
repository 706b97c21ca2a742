"""The slot engine: cards, wishes, offers, and what a booking gains for them."""

from alembic import op

revision = "0002"
down_revision = "0001"

CHANGES: tuple[str, ...] = (
    # Freed places rest, and who gave one up may take it again.
    "alter table booking add column rest_of uuid",
    "drop index booking_due",
    (
        "create index booking_due on booking (office, until)"
        " where state in ('held', 'offered', 'pending', 'resting')"
    ),
    "create index booking_rest_of on booking (rest_of) where state = 'resting'",
    # Limits per e-mail, and where a moved booking stood.
    "alter table booking add column email_key bytea",
    "alter table booking add column moved_from timestamptz",
    (
        "create index booking_of_email on booking (email_key)"
        " where email_key is not null and state in ('pending', 'booked')"
    ),
    # Minutes after a visit, and what its answers mean for the papers.
    "alter table booking add column buffer integer not null default 0",
    "alter table booking add column flags text not null default '[]'",
    "alter table visit add column flags text not null default '[]'",
    (
        "create table card (key bytea primary key, authority integer not null,"
        " office integer not null, state text not null, since date not null,"
        " lapses integer not null, booking uuid)"
    ),
    "create index card_ready on card (office) where state = 'ready'",
    "create index card_of_booking on card (booking) where booking is not null",
    (
        "create table card_contact (id uuid primary key, authority integer not null,"
        " office integer not null, card bytea not null, email text not null,"
        " language text not null, service text not null, left_at timestamptz not null,"
        " told_at timestamptz)"
    ),
    "create index card_contact_of_card on card_contact (card)",
    "create index card_contact_untold on card_contact (office) where told_at is null",
    # The waiting list; nobody holds two offers.
    "create unique index booking_one_offer on booking (person_key) where state = 'offered'",
    (
        "create table wish (id uuid primary key, authority integer not null,"
        ' office integer not null, state text not null, "order" text not null,'
        " parts text not null, windows text not null, until timestamptz not null,"
        ' reach text not null, language text not null, "group" text not null,'
        " person_key bytea not null, code text not null unique, number bigint not null,"
        " seq bigint not null, generation integer not null, booking uuid, kin uuid,"
        " offered uuid, asked text not null, cards text not null, here timestamptz)"
    ),
    "create unique index wish_once_a_person on wish (person_key, \"group\") where state = 'open'",
    "create index wish_open on wish (office) where state = 'open'",
    (
        "create table wish_person (wish uuid primary key, authority integer not null,"
        " office integer not null, name text not null, email text not null,"
        " phone text not null, birth_date date)"
    ),
    (
        "create table offer (booking uuid primary key, authority integer not null,"
        " office integer not null, wish uuid not null, rank integer not null,"
        " made timestamptz not null, until timestamptz not null, answer text not null)"
    ),
    "create index offer_of_wish on offer (wish)",
    # Surge rules fold their state from their own entries.
    "create index journal_of_surge on journal (office, seq) where starts_with(tag, 'surge_')",
)
"""Statements in order; a table of its own is created here and named in `TABLES`."""

TABLES: tuple[str, ...] = ("card", "card_contact", "wish", "wish_person", "offer")
"""Tables created by `CHANGES`: all stand under row-level security."""

POLICY = (
    'alter table "{table}" enable row level security',
    'alter table "{table}" force row level security',
    (
        'create policy authority_only on "{table}" to public'
        " using (authority = (select current_setting('queue.authority')::int))"
        " with check (authority = (select current_setting('queue.authority')::int))"
    ),
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
