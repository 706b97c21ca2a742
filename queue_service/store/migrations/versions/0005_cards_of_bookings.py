"""What a booking is for: its cards, also once somebody else has one.

A card names the booking that bound it last. Of bookings that were overtaken before this step the
cards are not known; all others are told theirs.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

COLUMN = "alter table booking add column cards text not null default '[]'"
# The owner is bound by the policies too: one authority after the other.
BOUND = """
do $$ declare each integer; begin
    for each in select id from authority loop
        perform set_config('queue.authority', each::text, true);
        update booking b set cards = c.keys
        from (
            select booking, json_agg(encode(key, 'base64'))::text as keys
            from card where booking is not null group by booking
        ) c
        where b.id = c.booking;
    end loop;
    perform set_config('queue.authority', '', true);
end $$
"""


def upgrade() -> None:
    """Add the column, empty for whoever comes for no card, and fill in what the cards say."""
    op.execute(COLUMN)
    op.execute(BOUND)
