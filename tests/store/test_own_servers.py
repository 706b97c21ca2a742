"""The servers of the tests themselves: real, empty at the start, apart from each other."""

import smtplib
from email.message import EmailMessage

import asyncpg
import pytest
import redis

from tests.conftest import Database
from tests.servers import Letters

TABLES = "select count(*) from pg_tables where schemaname = 'public'"


async def test_a_test_gets_a_migrated_database_of_its_own(database: Database) -> None:
    connection = await asyncpg.connect(database.owner_dsn)
    assert await connection.fetchval(TABLES) > 5
    await connection.execute("create table mark (i int)")
    await connection.close()


async def test_nothing_of_another_test_is_in_it(database: Database) -> None:
    connection = await asyncpg.connect(database.owner_dsn)
    assert await connection.fetchval("select to_regclass('mark')") is None
    await connection.close()


async def test_the_application_owns_nothing(database: Database) -> None:
    connection = await asyncpg.connect(database.app_dsn)
    assert await connection.fetchval("select current_user") == "queue_app"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("drop table journal")
    await connection.close()


def test_redis_answers(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.set("key", "value", nx=True)
        assert client.get("key") == b"value"


def test_the_post_office_takes_a_letter(smtp: Letters) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "a@example.org", "b@example.org", "Termin"
    letter.set_content("Grüß Gott")
    with smtplib.SMTP(smtp.host, smtp.port) as client:
        client.send_message(letter)
    assert smtp.received[0].get_content().strip() == "Grüß Gott"
