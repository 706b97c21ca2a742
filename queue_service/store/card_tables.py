"""Tables of residence cards: what the office says of each, and who wants to be told."""

import sqlalchemy as sa

from queue_service.store.schema import INSTANT, metadata, scope_columns

card = sa.Table(
    "card",
    metadata,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    *scope_columns(),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("lapses", sa.Integer, nullable=False),
    sa.Column("booking", sa.Uuid),
    sa.Index("card_ready", "office", postgresql_where=sa.text("state = 'ready'")),
    sa.Index("card_of_booking", "booking", postgresql_where=sa.text("booking is not null")),
)
"""One card by the keyed hash of its number; the number itself is never stored.

`booking` is the last claim on it: whether that still holds is the booking's own state, so a
cancelled, lapsed or missed booking needs no second writer to give its card back.
"""

card_contact = sa.Table(
    "card_contact",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    *scope_columns(),
    sa.Column("card", sa.LargeBinary, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("left_at", INSTANT, nullable=False),
    sa.Column("told_at", INSTANT),
    sa.Index("card_contact_of_card", "card"),
    sa.Index("card_contact_untold", "office", postgresql_where=sa.text("told_at is null")),
)
"""Who wants to be told when a card is ready: contact data, deleted with the letter or by hand."""
