"""Tables of the waiting list: who waits, what was offered to them, and how they are reached."""

import sqlalchemy as sa

from queue_service.store.schema import INSTANT, metadata, scope_columns

OPEN_WISHES = "state = 'open'"
"""Written out in statements too: a partial index serves only literals."""
OWN_LIVE = (
    "own.state in ('pending', 'booked')"
    """ and string_to_array(own."group", ' ') && string_to_array(wish."group", ' ')"""
)
"""Of a wish's person (`own`): a live booking in one of the wish's groups."""

wish = sa.Table(
    "wish",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    *scope_columns(),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("order", sa.Text, nullable=False),
    sa.Column("parts", sa.Text, nullable=False),
    sa.Column("windows", sa.Text, nullable=False),
    sa.Column("until", INSTANT, nullable=False),
    sa.Column("reach", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("group", sa.Text, nullable=False),
    sa.Column("person_key", sa.LargeBinary, nullable=False),
    sa.Column("code", sa.Text, nullable=False, unique=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("booking", sa.Uuid),
    sa.Column("kin", sa.Uuid),
    sa.Column("offered", sa.Uuid),
    sa.Column("asked", sa.Text, nullable=False),
    sa.Column("cards", sa.Text, nullable=False),
    sa.Column("here", INSTANT),
    sa.Index(
        "wish_once_a_person",
        "person_key",
        "group",
        unique=True,
        postgresql_where=sa.text(OPEN_WISHES),
    ),
    sa.Index("wish_open", "office", postgresql_where=sa.text(OPEN_WISHES)),
)
"""One row a wish; without contact data, so that it may stay when those are deleted."""

wish_person = sa.Table(
    "wish_person",
    metadata,
    sa.Column("wish", sa.Uuid, primary_key=True),
    *scope_columns(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("phone", sa.Text, nullable=False),
    sa.Column("birth_date", sa.Date),
)
"""How somebody on the list is reached: deletable at any time, they then hear of nothing."""

offer = sa.Table(
    "offer",
    metadata,
    sa.Column("booking", sa.Uuid, primary_key=True),
    *scope_columns(),
    sa.Column("wish", sa.Uuid, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("made", INSTANT, nullable=False),
    sa.Column("until", INSTANT, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Index("offer_of_wish", "wish"),
)
"""To whom a booking in state offered was offered; that state says whether it is still open."""
