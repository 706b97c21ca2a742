"""Children of the demo end with it, in order, and what they complain about is seen."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from queue_service.demo import diary, folder, private, processes
from queue_service.demo.diary import Diary, Plan
from queue_service.demo.people import End
from queue_service.demo.processes import Child

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FOR_EVER = "import time; time.sleep(600)"


def child(tmp_path: Path, program: str) -> Child:
    command = [sys.executable, "-c", program]
    return Child("it", command, log=tmp_path / "log", env=dict(os.environ))


def is_there(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def eventually(true: object, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if callable(true) and true():
            return True
        time.sleep(0.05)
    return False


def test_a_child_ends_when_asked(tmp_path: Path) -> None:
    it = child(tmp_path, FOR_EVER)
    assert is_there(it.pid)
    it.stop(5)
    assert it.ended == -signal.SIGTERM
    it.stop(5)


def test_a_child_that_does_not_listen_is_ended_all_the_same(tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); "
    it = child(tmp_path, deaf + FOR_EVER)
    assert eventually(lambda: "deaf" in folder.end_of(it.log))
    it.stop(0.2)
    assert it.ended == -signal.SIGKILL


def test_what_a_dead_child_had_started_is_ended_too(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys; "
        f"other = subprocess.Popen([sys.executable, '-c', {FOR_EVER!r}]); "
        "print(other.pid, flush=True); "
    )
    it = child(tmp_path, program + FOR_EVER)
    assert eventually(lambda: folder.end_of(it.log) != "")
    grandchild = int(folder.end_of(it.log))
    os.kill(it.pid, signal.SIGKILL)
    assert eventually(lambda: it.ended is not None)
    assert is_there(grandchild)
    it.stop(5)
    assert eventually(lambda: not is_there(grandchild))


def test_no_child_outlives_a_demo_that_was_killed(tmp_path: Path) -> None:
    demo = (
        "import os, sys, time; from pathlib import Path; "
        "from queue_service.demo.processes import Child; "
        f"it = Child('it', [sys.executable, '-c', {FOR_EVER!r}], "
        "log=Path(sys.argv[1]), env=dict(os.environ)); "
        "print(it.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", demo, str(tmp_path / "log")]
    here = str(Path(processes.__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": here}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_there(pid)
        parent.kill()
    assert eventually(lambda: not is_there(pid))


def test_faults_in_a_log_are_told_once(tmp_path: Path) -> None:
    said = "print(\"level='info' a\\nlevel='error' b\", flush=True); "
    it = child(tmp_path, said + FOR_EVER)
    try:
        assert eventually(lambda: "b" in folder.end_of(it.log))
        assert it.complaints() == ["level='error' b"]
        assert it.complaints() == []
    finally:
        it.stop(5)


def test_a_taken_port_is_named_with_a_way_out() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(processes.PortTakenError, match=f"Port {port} is taken.*--port"):
            processes.claim_port(port)
    processes.claim_port(port)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(folder.FolderError, match="--folder"):
        folder.choose(tmp_path / "file" / "demo")


def test_a_demo_keeps_its_secret_and_the_last_log(tmp_path: Path) -> None:
    chosen = folder.choose(tmp_path / "demo")
    assert folder.secret(chosen) == folder.secret(chosen)
    log = folder.fresh(chosen / "server.log")
    log.write_text("first\n")
    folder.fresh(log)
    assert log.read_text() == ""
    assert (chosen / "server.log.1").read_text() == "first\n"


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "file"
    private.write(file, b"old")
    (tmp_path / "file.part").mkdir()
    with pytest.raises(OSError, match=r"file\.part"):
        private.write(file, b"new")
    assert file.read_bytes() == b"old"


def test_the_diary_remembers_across_a_restart(tmp_path: Path) -> None:
    plan = Plan(NOON, End.COMES, "ABCD2345", "SECRET")
    kept = Diary(plans=[plan], lived_until=NOON, to_fill={date(2026, 11, 24): 3})
    diary.write(tmp_path / "diary.json", kept)
    assert diary.read(tmp_path / "diary.json") == kept
    assert diary.read(tmp_path / "none.json") == Diary()
    (tmp_path / "broken.json").write_text("{")
    assert diary.read(tmp_path / "broken.json") == Diary()


def test_what_is_due_is_taken_from_the_diary_once() -> None:
    late = Plan(NOON, End.COMES, "B", "s")
    early = Plan(NOON.replace(hour=9), End.CANCELS, "A", "s")
    kept = Diary(plans=[late, early])
    assert kept.take_due(NOON) == [early, late]
    assert kept.take_due(NOON) == []
