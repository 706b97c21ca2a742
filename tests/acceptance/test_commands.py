"""The command line says what is wrong and what to do: exit code, one message, no traceback."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from queue_service import cli
from tests.city import City
from tests.conftest import Database, execute
from tests.served import counted

ROOT = Path(__file__).parents[2]
PRESETS = ROOT / "config"
SECRET = "x" * 40


def run(
    *arguments: str, told: str = "", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """One command as somebody types it; only the variables given are set."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("QUEUE_")}
    return subprocess.run(
        [sys.executable, "-m", "queue_service.cli", *arguments],
        input=told,
        env=bare | {"PYTHONPATH": str(ROOT)} | (environment or {}),
        capture_output=True,
        text=True,
        timeout=60,
    )


def message(done: subprocess.CompletedProcess[str], *words: str) -> str:
    """What a failed command says."""
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    return done.stderr


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A copy of a preset to be broken."""
    shutil.copytree(PRESETS / "heidelberg", tmp_path / "heidelberg")
    return tmp_path / "heidelberg"


def edit(folder: Path, old: str, new: str) -> None:
    file = folder / "office.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_presets_are_without_fault() -> None:
    done = run("check", str(PRESETS))
    assert (done.returncode, done.stdout) == (0, "2 configuration(s) without fault\n")


def test_every_fault_is_named_at_once(broken: Path) -> None:
    edit(broken, 'zone = "Europe/Berlin"', 'zone = "Europe/Heidelberg"')
    edit(broken, "grid_minutes = 10", "grid_minutes = 7")
    edit(broken, 'skills = ["INFO"', 'skills = ["NONE"')
    said = message(run("check", str(broken)), "office.toml", "Europe/Heidelberg", "7", "NONE")
    assert len(said.splitlines()) == 3
    assert all(line.startswith(f"{broken}/office.toml: ") for line in said.splitlines())
    done = run("check", str(broken), "--json")
    faults = json.loads(done.stdout)["faults"]
    assert len(faults) == 3
    for fault in faults:
        assert fault["file"]
        assert fault["key"]
        assert fault["reason"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"slug = ", ["office.toml"]),
        (b"\xff\xfe\x00\x00", ["office.toml"]),
        (b"", ["office.toml", "slug"]),
        (b"slug = 5", ["office.toml", "slug"]),
        (b"x = " + b"[" * 3_000, ["nested too deep"]),
        (b"color = 'red'", ["office.toml", "color"]),
    ],
)
def test_an_unreadable_configuration(broken: Path, content: bytes, words: list[str]) -> None:
    (broken / "office.toml").write_bytes(content)
    message(run("check", str(broken)), *words)


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    message(run("check", str(tmp_path / "nowhere")), "nowhere")
    message(run("check", str(tmp_path)), "office.toml")


def test_a_faulty_configuration_is_not_loaded(broken: Path, city: City) -> None:
    edit(broken, "grid_minutes = 10", "grid_minutes = 7")
    before = counted(city)
    done = run("load", str(broken), environment=city.environment())
    message(done, "nothing was loaded", "queue-service check")
    assert counted(city) == before


def load(city: City, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    done = run("load", str(folder), *more, environment=city.environment())
    assert done.returncode == 0, done.stderr
    return done


def test_loading_again_changes_nothing(city: City) -> None:
    load(city, PRESETS)
    before = counted(city)
    done = run("load", str(PRESETS), environment=city.environment())
    assert done.returncode == 0, done.stderr
    assert done.stdout == "heidelberg: no change(s)\nstuttgart: no change(s)\n"
    assert counted(city)["taken"] == before["taken"]


def test_what_would_change_is_shown_first(broken: Path, city: City) -> None:
    load(city, PRESETS)
    edit(broken, "hold_minutes = 10", "hold_minutes = 12")
    before = counted(city)
    done = load(city, broken, "--dry-run")
    assert "heidelberg: 1 change(s)" in done.stdout
    assert counted(city) == before


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, ["QUEUE_DATABASE_URL is missing", "postgresql://"]),
        ({"QUEUE_DATABASE_URL": "postgresql://x@127.0.0.1/x"}, ["QUEUE_SECRET"]),
        (
            {"QUEUE_DATABASE_URL": "postgresql://x@127.0.0.1/x", "QUEUE_SECRET": "short"},
            ["QUEUE_SECRET", "32"],
        ),
        (
            {
                "QUEUE_DATABASE_URL": "postgresql://x@127.0.0.1/x",
                "QUEUE_SECRET": SECRET,
                "QUEUE_SMTP_PORT": "many",
            },
            ["QUEUE_SMTP_PORT='many'"],
        ),
    ],
)
@pytest.mark.parametrize("command", [("serve",), ("load", str(PRESETS))])
def test_a_missing_or_wrong_variable(
    command: tuple[str, ...], environment: dict[str, str], words: list[str]
) -> None:
    message(run(*command, environment=environment), *words)


def test_a_port_that_is_taken(city: City) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("serve", "--port", port, environment=city.environment())
    message(done, port, "--port")


@pytest.mark.parametrize(
    "wrong", [("--port", "70000"), ("--port", "-1"), ("--workers", "0"), ("--workers", "many")]
)
def test_a_server_of_impossible_numbers(wrong: tuple[str, str]) -> None:
    done = run("serve", *wrong)
    assert done.returncode == 2
    assert wrong[0] in done.stderr
    assert "Traceback" not in done.stderr


DATABASE_COMMANDS = [("load", str(PRESETS)), ("migrate",), ("serve", "--port", "0")]


@pytest.mark.parametrize(
    ("command", "url"),
    [
        *((command, "nonsense") for command in DATABASE_COMMANDS),
        (("migrate",), "mysql://x:hush@y/z"),
        (("migrate",), "postgresql://x:hush@y:99999/z"),
        (("migrate",), "postgresql://[::/z"),
    ],
)
def test_an_address_that_is_none(command: tuple[str, ...], url: str) -> None:
    wrong = {"QUEUE_DATABASE_URL": url, "QUEUE_SECRET": SECRET}
    said = message(run(*command, environment=wrong), "QUEUE_DATABASE_URL", "postgresql://")
    assert "hush" not in said


@pytest.mark.parametrize("command", DATABASE_COMMANDS)
def test_a_database_that_is_not_there(command: tuple[str, ...], database: Database) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gone = {"QUEUE_DATABASE_URL": f"postgresql://x@127.0.0.1:{port}/x", "QUEUE_SECRET": SECRET}
    message(run(*command, environment=gone), "QUEUE_DATABASE_URL")
    whole, _, _ = database.owner_dsn.rpartition("/")
    other = {"QUEUE_DATABASE_URL": f"{whole}/nowhere", "QUEUE_SECRET": SECRET}
    message(run(*command, environment=other), "nowhere")


@pytest.mark.parametrize("command", [("load", str(PRESETS)), ("serve", "--port", "0")])
def test_a_database_without_schema(command: tuple[str, ...], database: Database) -> None:
    whole, _, _ = database.owner_dsn.rpartition("/")
    empty = {"QUEUE_DATABASE_URL": f"{whole}/template1", "QUEUE_SECRET": SECRET}
    message(run(*command, environment=empty), "queue-service migrate")


def test_a_database_with_an_older_schema(city: City) -> None:
    execute(city.dsn, "alter table visit rename column language to tongue")
    for command in (("load", str(PRESETS)), ("serve", "--port", "0")):
        done = run(*command, environment=city.environment())
        message(done, "older schema", "queue-service migrate")


def test_staff_and_devices(city: City) -> None:
    known = city.environment()
    weak = run(
        "staff", "heidelberg", "new@heidelberg", "--role", "clerk", "--password-stdin",
        told="short\n", environment=known,
    )  # fmt: skip
    message(weak, "10 characters")
    nowhere = run("enrol", "nowhere", "kiosk-9", "--role", "kiosk", environment=known)
    message(nowhere, "nowhere", "heidelberg")
    given = run("enrol", "heidelberg", "kiosk-9", "--role", "kiosk", "--json", environment=known)
    assert json.loads(given.stdout)["device"] == "heidelberg.kiosk-9"
    unknown = run(
        "enrol", "heidelberg", "kiosk-8", "--role", "kiosk", "--revoke", environment=known
    )
    message(unknown, "kiosk-8")


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--help"])
    listed = re.findall(r"^    ([a-z-]+)", capsys.readouterr().out, re.MULTILINE)
    assert len(listed) == 12
    for command in listed:
        with pytest.raises(SystemExit, match="0"):
            cli.main([command, "--help"])
        assert f"usage: queue-service {command}" in capsys.readouterr().out


def test_commands_are_listed_without_importing_what_they_need() -> None:
    looked = "import sys, queue_service.cli as c; c.main([]); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, cwd=ROOT)
    imported = done.stdout.split()
    assert "queue_service.cli" in imported
    assert not {"asyncpg", "sqlalchemy", "queue_service.house", "litestar"} & {*imported}


def test_an_interrupt_while_a_command_is_being_imported_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "import_module", interrupted)
    for command in ("check", "demo"):
        try:
            assert cli.main([command, "config"]) == 130
        except KeyboardInterrupt:  # it would end the whole run
            pytest.fail(f"{command} let the interrupt through")
        assert capsys.readouterr() == ("", "")


def test_wrong_use_is_told_apart() -> None:
    assert run("nonsense").returncode == 2
    assert run("check").returncode == 2
    assert run("serve", "--port", "many").returncode == 2
    assert run().returncode == 2
