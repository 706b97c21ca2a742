"""Brings a database to the newest schema, as its owner, with Alembic's forward-only scripts."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

HERE = Path(__file__).parent / "migrations"
# Two nodes that start together must not migrate together.
_LOCK = 5_281_101


def _configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    return config


def _run(connection: Connection) -> None:
    config = _configuration()
    config.attributes["connection"] = connection
    connection.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
    command.upgrade(config, "head")


async def upgrade_async(owner_dsn: str) -> None:
    """Run every missing migration in one transaction; harmless when there is none."""
    url = owner_dsn.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_run)
    finally:
        await engine.dispose()


def upgrade(owner_dsn: str) -> None:
    """As `upgrade_async`, for callers without a loop."""
    asyncio.run(upgrade_async(owner_dsn))
