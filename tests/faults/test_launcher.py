"""The database of the demo: it survives everything and outlives nobody."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from queue_service.demo import postgres_binaries, postgres_data, postgres_place
from queue_service.demo.postgres import LaunchError, Postgres, database
from queue_service.demo.postgres_place import Account

PATIENCE_SECONDS = 60


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder that is not there yet; whatever it says about elsewhere is removed as well."""
    folder = tmp_path / "postgres"
    yield folder
    link = folder / "elsewhere"
    if link.is_symlink():
        shutil.rmtree(link.resolve(), ignore_errors=True)


@pytest.fixture(params=["installed", "wheel"])
def binaries(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Once with each kind of server; one of both where nothing is installed."""
    if request.param == "wheel" or not list(postgres_binaries._on_the_system()):
        monkeypatch.setattr(postgres_binaries, "_on_the_system", lambda: iter(()))
    return str(request.param)


async def ask(dsn: str, question: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


@pytest.mark.usefixtures("binaries")
async def test_data_survive_a_stop_and_a_crash(place: Path) -> None:
    with Postgres(place) as server:
        await ask(server.owner_dsn, "create table kept as select 42 as answer")
    with Postgres(place) as server:
        port, pid = server.port, server.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        server.restart()
        assert server.port == port
        assert await ask(server.owner_dsn, "select answer from kept") == 42
    assert not is_alive(pid)


@pytest.mark.parametrize(("durable", "fsync"), [(True, "on"), (False, "off")])
async def test_promises_are_kept_in_the_demo_and_dropped_in_tests(
    place: Path, *, durable: bool, fsync: str
) -> None:
    with Postgres(place, durable=durable) as server:
        assert await ask(server.owner_dsn, "show fsync") == fsync
        assert await ask(server.owner_dsn, "show listen_addresses") == "127.0.0.1"


async def test_nobody_gets_in_without_the_password(place: Path) -> None:
    with Postgres(place, durable=False) as server:
        password = (server.folder / "password").read_text().strip()
        assert (server.folder / "password").stat().st_mode & 0o777 == 0o600
        assert server.folder.stat().st_mode & 0o777 == 0o700
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(server.owner_dsn.replace(password, "guessed"), "select 1")


@pytest.mark.usefixtures("binaries")
def test_the_server_ends_when_its_launcher_is_killed(place: Path) -> None:
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from queue_service.demo.postgres import Postgres
        server = Postgres(Path(sys.argv[1]), durable=False)
        server.start()
        print(server.pid, server._keeper.pid, flush=True)
        time.sleep(600)
        """
    )
    for victim in ("launcher", "keeper"):
        command = [sys.executable, "-c", script, str(place)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as launcher:
            assert launcher.stdout
            server, keeper = (int(word) for word in launcher.stdout.readline().split())
            assert is_alive(server)
            os.kill(launcher.pid if victim == "launcher" else keeper, signal.SIGKILL)
            assert until(lambda pid=server: not is_alive(pid)), f"outlived its {victim}"
            launcher.kill()


def test_a_folder_in_use_is_refused_in_plain_words(place: Path) -> None:
    with Postgres(place, durable=False) as first:
        with pytest.raises(LaunchError, match="is in use"):
            Postgres(first.folder, durable=False).start()
        assert first.pid


def test_a_stale_pid_file_does_not_hurt_a_stranger(place: Path) -> None:
    with Postgres(place) as server:
        folder = server.folder
    with subprocess.Popen(["sleep", "600"]) as stranger:
        said = f"{stranger.pid}\n{folder}/data\n1\n5432\n\n127.0.0.1\n\nready\n"
        (folder / "data" / "postmaster.pid").write_text(said)
        with Postgres(place) as server:
            assert server.pid != stranger.pid
        assert stranger.poll() is None
        stranger.kill()


def test_a_full_disk_is_told_before_anything_is_written(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_data, "NEEDED_BYTES", 10**18)
    with pytest.raises(LaunchError, match=r"is full.*Free some room") as told:
        Postgres(place).start()
    assert "/" in str(told.value)
    monkeypatch.undo()
    with Postgres(place) as server:
        assert server.pid


def test_a_disk_that_fills_up_meanwhile_leaves_nothing_half_made(tmp_path: Path) -> None:
    said = "initdb: error: could not write to file: No space left on device"
    assert "is full" in str(postgres_data.failure(tmp_path, "initdb failed", said))
    (tmp_path / "initdb").write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    (tmp_path / "initdb").chmod(0o755)
    with pytest.raises(LaunchError, match="is full"):
        postgres_data.make(tmp_path, tmp_path, Account(), lasting=True)
    assert not (tmp_path / "data").exists()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    reachable = Account() if os.geteuid() else Account(0, 0)
    with pytest.raises(LaunchError, match="no database of ours"):
        postgres_place.choose_folder(tmp_path, reachable, lasting=True)
    assert (tmp_path / "thesis.txt").exists()


def test_data_of_a_version_that_is_gone_are_not_touched(place: Path) -> None:
    with Postgres(place) as server:
        folder = server.folder
    (folder / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(LaunchError, match="made by PostgreSQL 14"):
        Postgres(place).start()


def test_a_given_database_is_used_as_it_is(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_DATABASE_URL", "postgresql://somewhere/else")
    with database(place) as dsn:
        assert dsn == "postgresql://somewhere/else"
    assert not place.exists()
