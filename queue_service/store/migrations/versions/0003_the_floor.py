"""The floor: journeys of several stops, counters' states, kiosks' number blocks, notes."""

from alembic import op

revision = "0003"
down_revision = "0002"

CHANGES: tuple[str, ...] = (
    "alter table visit add column stops text not null default '[]'",
    'alter table visit add column "only" text',
    "alter table visit add column hand text",
    "alter table visit add column aids text not null default '[]'",
    "alter table visit add column away_until timestamptz",
    "alter table visit add column served_at timestamptz",
    "alter table visit add column parked text not null default ''",
    "alter table visit add column urgency text",
    "drop index visit_one_a_counter",
    (
        "create unique index visit_one_a_counter on visit (office, counter)"
        " where state in ('called', 'serving')"
    ),
    "drop index visit_open",
    (
        "create index visit_open on visit (office)"
        " where state in ('waiting', 'called', 'serving', 'parked')"
    ),
    (
        "create table ticket_block (id uuid primary key, authority integer not null,"
        " office integer not null, day date not null, device integer not null,"
        " first integer not null, many integer not null,"
        " constraint block_once unique (office, day, first),"
        " constraint block_sane check (many > 0 and first >= 0))"
    ),
    (
        "create table desk (authority integer not null, office integer not null,"
        ' counter text not null, state text not null, since timestamptz, "by" integer not null,'
        " seq bigint not null, primary key (office, counter))"
    ),
    (
        "create table note (id uuid primary key, authority integer not null,"
        " office integer not null, visit uuid not null, text text not null,"
        ' "by" integer not null, at timestamptz not null)'
    ),
    "create index note_of_visit on note (visit)",
    (
        "create table enrolment (authority integer not null, office integer not null,"
        " device text not null, role text not null, hash bytea not null,"
        ' until timestamptz not null, "by" integer not null, primary key (office, device),'
        " constraint enrolment_hash unique (hash))"
    ),
    (
        "create table heartbeat (device integer primary key, authority integer not null,"
        " office integer not null, seen timestamptz not null, version text not null,"
        " last_event bigint, sound text not null, offset_ms bigint, paper text not null,"
        " printer text not null)"
    ),
    (
        "create table promise (visit uuid primary key, authority integer not null,"
        " office integer not null, need text not null, given_at timestamptz not null,"
        " p50 double precision not null, p80 double precision not null,"
        " naive double precision not null, called_at timestamptz)"
    ),
    "create index promise_of_day on promise (office, given_at)",
    (
        "create table promise_cursor (office integer primary key, authority integer not null,"
        " seq bigint not null)"
    ),
)
"""Statements in order; a table of its own is created here and named in `TABLES`."""

TABLES: tuple[str, ...] = (
    "ticket_block",
    "desk",
    "note",
    "enrolment",
    "heartbeat",
    "promise",
    "promise_cursor",
)
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
