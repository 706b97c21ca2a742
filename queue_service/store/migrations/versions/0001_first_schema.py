"""The first schema: the heart's tables, guards, row-level security from the first day."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE authority (
    id SERIAL NOT NULL,
    slug TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (slug)
);
CREATE TABLE booking (
    id UUID NOT NULL,
    authority INTEGER NOT NULL,
    office INTEGER NOT NULL,
    state TEXT NOT NULL,
    start TIMESTAMP WITH TIME ZONE NOT NULL,
    "end" TIMESTAMP WITH TIME ZONE NOT NULL,
    parts TEXT NOT NULL,
    limits INTEGER[] NOT NULL,
    once TEXT NOT NULL,
    language TEXT NOT NULL,
    seq BIGINT NOT NULL,
    generation INTEGER NOT NULL,
    code TEXT,
    "group" TEXT NOT NULL,
    person_key BYTEA,
    until TIMESTAMP WITH TIME ZONE,
    held_at TIMESTAMP WITH TIME ZONE,
    extensions INTEGER NOT NULL,
    overbooked BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT booking_lasts CHECK ("start" < "end")
);
CREATE INDEX booking_to_come ON booking (office, start) WHERE state = 'booked';
CREATE UNIQUE INDEX booking_code ON booking (code) WHERE code is not null;
CREATE INDEX booking_due ON booking (office, until) WHERE state in ('held', 'offered', 'pending');
CREATE UNIQUE INDEX booking_once_a_person ON booking (person_key, "group")
    WHERE person_key is not null and state in ('pending', 'booked');
CREATE TABLE cell (
    "limit" INTEGER NOT NULL,
    tick INTEGER NOT NULL,
    authority INTEGER NOT NULL,
    capacity INTEGER NOT NULL,
    taken INTEGER DEFAULT 0 NOT NULL,
    granted INTEGER DEFAULT 0 NOT NULL,
    left_over INTEGER DEFAULT 0 NOT NULL,
    PRIMARY KEY ("limit", tick),
    CONSTRAINT cell_not_over CHECK (taken <= capacity + granted + left_over),
    CONSTRAINT cell_not_negative CHECK (taken >= 0),
    CONSTRAINT cell_sane CHECK (capacity >= 0 and granted >= 0 and left_over >= 0)
)
 WITH (fillfactor = 50);
CREATE TABLE device (
    id SERIAL NOT NULL,
    authority INTEGER NOT NULL,
    office INTEGER NOT NULL,
    key TEXT NOT NULL,
    role TEXT NOT NULL,
    generation INTEGER NOT NULL,
    revoked BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT device_once UNIQUE (office, key)
);
CREATE TABLE directory (
    hash BYTEA NOT NULL,
    authority INTEGER NOT NULL,
    office INTEGER NOT NULL,
    PRIMARY KEY (hash)
);
CREATE TABLE errand (
    id UUID NOT NULL,
    authority INTEGER NOT NULL,
    office INTEGER NOT NULL,
    kind TEXT NOT NULL,
    params TEXT NOT NULL,
    cursor TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX errand_open ON errand (office) WHERE state = 'open';
CREATE TABLE journal (
    office INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    authority INTEGER NOT NULL,
    recorded TIMESTAMP WITH TIME ZONE NOT NULL,
    happened TIMESTAMP WITH TIME ZONE NOT NULL,
    by INTEGER NOT NULL,
    undoes BIGINT,
    tag TEXT NOT NULL,
    body TEXT,
    digest BYTEA NOT NULL,
    salt BYTEA,
    link BYTEA NOT NULL,
    PRIMARY KEY (office, seq)
);
CREATE TABLE layer (
    id SERIAL NOT NULL,
    authority INTEGER NOT NULL,
    office INTEGER NOT NULL,
    subject TEXT NOT NULL,
    change TEXT NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    until TIMESTAMP WITH TIME ZONE,
    author INTEGER NOT NULL,
    reason TEXT NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX layer_of_office ON layer (office, subject);
CREATE TABLE "limit" (
    id SERIAL NOT NULL,
    authority INTEGER NOT NULL,
    office INTEGER NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT limit_once UNIQUE (office, key)
);
CREATE TABLE office (
    id SERIAL NOT NULL,
    authority INTEGER NOT NULL,
    slug TEXT NOT NULL,
    real_anchor TIMESTAMP WITH TIME ZONE NOT NULL,
    office_anchor TIMESTAMP WITH TIME ZONE NOT NULL,
    rate FLOAT NOT NULL,
    seq BIGINT NOT NULL,
    head BYTEA NOT NULL,
    recorded TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (slug)
)
 WITH (fillfactor = 20);
CREATE TABLE outbox (
    id UUID NOT NULL,
    authority INTEGER NOT NULL,
    office INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    booking UUID NOT NULL,
    generation INTEGER NOT NULL,
    due TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    next_try TIMESTAMP WITH TIME ZONE NOT NULL,
    claimed_at TIMESTAMP WITH TIME ZONE,
    sent_at TIMESTAMP WITH TIME ZONE,
    error TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT outbox_once UNIQUE (office, seq, purpose, booking)
);
CREATE INDEX outbox_due ON outbox (next_try) WHERE state in ('due', 'sending');
CREATE INDEX outbox_of_booking ON outbox (booking);
CREATE TABLE outbox_cursor (
    office SERIAL NOT NULL,
    authority INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (office)
);
CREATE TABLE person (
    booking UUID NOT NULL,
    authority INTEGER NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    birth_date DATE,
    PRIMARY KEY (booking)
);
CREATE TABLE receipt (
    key BYTEA NOT NULL,
    authority INTEGER NOT NULL,
    office INTEGER NOT NULL,
    digest BYTEA NOT NULL,
    answer TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (key)
);
CREATE INDEX receipt_age ON receipt (at);
CREATE TABLE session (
    hash BYTEA NOT NULL,
    authority INTEGER NOT NULL,
    staff INTEGER NOT NULL,
    until TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (hash)
);
CREATE TABLE staff (
    id SERIAL NOT NULL,
    authority INTEGER NOT NULL,
    office INTEGER NOT NULL,
    login TEXT NOT NULL,
    password TEXT NOT NULL,
    roles TEXT[] NOT NULL,
    active BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (login)
);
CREATE TABLE ticket_series (
    authority INTEGER NOT NULL,
    office INTEGER NOT NULL,
    day DATE NOT NULL,
    letter TEXT NOT NULL,
    start INTEGER NOT NULL,
    issued INTEGER NOT NULL,
    PRIMARY KEY (office, day)
);
CREATE TABLE visit (
    id UUID NOT NULL,
    authority INTEGER NOT NULL,
    office INTEGER NOT NULL,
    number TEXT NOT NULL,
    state TEXT NOT NULL,
    need TEXT NOT NULL,
    parts TEXT NOT NULL,
    language TEXT NOT NULL,
    arrived TIMESTAMP WITH TIME ZONE NOT NULL,
    due TIMESTAMP WITH TIME ZONE NOT NULL,
    seq BIGINT NOT NULL,
    booking UUID,
    counter TEXT,
    called_at TIMESTAMP WITH TIME ZONE,
    calls INTEGER NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    ticket_hash BYTEA NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (ticket_hash)
);
CREATE UNIQUE INDEX visit_of_booking ON visit (booking) WHERE booking is not null;
CREATE UNIQUE INDEX visit_one_a_counter ON visit (office, counter) WHERE state = 'called';
CREATE INDEX visit_open ON visit (office) WHERE state in ('waiting', 'called');
"""

UNDER_ROW_SECURITY = (
    "office",
    "layer",
    "limit",
    "cell",
    "booking",
    "receipt",
    "person",
    "visit",
    "ticket_series",
    "journal",
    "errand",
    "outbox",
    "outbox_cursor",
    "device",
    "staff",
    "session",
)
OUTSIDE = ("authority", "directory")

ROLE = """
do $$ begin
    if not exists (select from pg_roles where rolname = 'queue_app') then
        create role queue_app nologin;
    end if;
exception when duplicate_object or unique_violation then
    null; -- another database of this server made the role in this moment
end $$
"""

# (select ...) lets the planner read the setting once a statement: 0-9 % cost. The setting must be
# there and be a number, so a transaction that forgot it fails instead of seeing nothing.
POLICY = """
alter table "{table}" enable row level security;
alter table "{table}" force row level security;
create policy authority_only on "{table}" to public
    using (authority = (select current_setting('queue.authority')::int))
    with check (authority = (select current_setting('queue.authority')::int))
"""


def _statements(script: str) -> list[str]:
    return [part.strip() for part in script.split(";") if part.strip()]


def upgrade() -> None:
    """Create everything and grant the application what it needs, never ownership."""
    op.execute(ROLE)
    op.execute("grant queue_app to current_user")
    for statement in _statements(TABLES):
        op.execute(statement)
    for table in UNDER_ROW_SECURITY:
        for statement in _statements(POLICY.format(table=table)):
            op.execute(statement)
    op.execute("grant usage on schema public to queue_app")
    for table in (*UNDER_ROW_SECURITY, *OUTSIDE):
        rights = "select, insert" if table == "journal" else "select, insert, update, delete"
        op.execute(f'grant {rights} on "{table}" to queue_app')
    op.execute("grant usage on all sequences in schema public to queue_app")
