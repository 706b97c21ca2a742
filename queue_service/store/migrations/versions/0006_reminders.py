"""Letters that lie for weeks before they are due, and the words that reminders are written in.

Open letters were found by their next try, which is at once for all of them; now by when they are
due, or each look would go over every reminder to come.
"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column, empty for all letters so far, and exchange the index."""
    op.execute("alter table outbox add column text text not null default ''")
    op.execute("drop index outbox_due")
    op.execute("create index outbox_open on outbox (office, due) where state in ('due', 'sending')")
