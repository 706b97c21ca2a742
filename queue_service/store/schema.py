"""What every table is made with: the one metadata, and the columns that say whose a row is."""

import sqlalchemy as sa

metadata = sa.MetaData()
INSTANT = sa.DateTime(timezone=True)


def authority_column() -> sa.Column[int]:
    """Whose row it is; row security compares it."""
    return sa.Column("authority", sa.Integer, nullable=False)


def office_column() -> sa.Column[int]:
    """The office within the authority."""
    return sa.Column("office", sa.Integer, nullable=False)


def scope_columns() -> tuple[sa.Column[int], sa.Column[int]]:
    """Both."""
    return authority_column(), office_column()
