"""`make test`: every gate and every test, each in a run of its own, with one summary at the end.

Usage: python -m tests.run [lint | soak | folder or file …]. Without arguments everything runs, a
failure does not keep the rest from running, and the exit code says whether anything failed.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import servers

ROOT = Path(__file__).parent.parent
TOOLS = Path(sys.executable).parent
GATES = (
    ("lint", ["ruff", "check"]),
    ("format", ["ruff", "format", "--check"]),
    ("types", ["mypy"]),
    ("imports", ["lint-imports", "--no-logo"]),
)
PYTEST = [sys.executable, "-m", "pytest", "--color=no"]
# Who waits for a server leaves a core to a third; what is long begins first, so that they end
# together: modules with a server of their own before those with a database, before the quick ones.
TOGETHER = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
LONGEST_FIRST = "acceptance web store core"
# Faults kill servers and measure patience; browsers keep a loop in their thread, so each of the
# two processes has its own, with a server and a city.
APART = {"faults": (), "browser": ("-n", "2", "--dist", "loadfile")}
BROWSERS = ("chromium-headless-shell", "chromium")
FONTS = "fonts-noto-core"
SUMMARY = re.compile(r"^=+ (?P<counts>\d+ .*) in [\d.]+s.* =+$")


class Results:
    """What ran, how long it took, how it ended."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.lines: list[str] = []
        self.counts: dict[str, int] = {}
        self.failed = False

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run one command in view and note its end."""
        print(f"\n── {name}: {' '.join(Path(word).name for word in command)}", flush=True)
        begun, said = time.monotonic(), ""
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            for line in process.stdout:
                print(line, end="", flush=True)
                said = self._counted(line) or said
        self._end(name, process.returncode, time.monotonic() - begun, said)

    def run_beside(self, commands: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Run commands at the same time; show one after the other what each has said."""

        def one(command: Sequence[str]) -> tuple[subprocess.CompletedProcess[str], float]:
            begun = time.monotonic()
            done = subprocess.run(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            return done, time.monotonic() - begun

        with ThreadPoolExecutor(len(commands)) as pool:
            ended = pool.map(one, [command for _, command in commands])
            for (name, command), (done, took) in zip(commands, ended, strict=True):
                print(f"\n── {name}: {' '.join(Path(word).name for word in command)}")
                print(done.stdout, end="", flush=True)
                self._end(name, done.returncode, took)

    def _end(self, name: str, code: int, took: float, said: str = "") -> None:
        ended = "FAILED" if code else "ok"
        self.failed |= code != 0
        self.lines.append(f"{name:<10} {ended:<7} {took:6.1f} s  {said}".rstrip())

    def _counted(self, line: str) -> str:
        summary = SUMMARY.match(line.strip())
        if not summary:
            return ""
        for number, word in re.findall(r"(\d+) (\w+)", summary["counts"]):
            self.counts[word] = self.counts.get(word, 0) + int(number)
        return summary["counts"]

    def tell(self) -> int:
        """Print the summary, pytest's words last; the exit code."""
        print("\n── summary")
        for line in self.lines:
            print(line)
        took = time.monotonic() - self.started
        if self.failed:
            print("Something failed: see above.")
        if self.counts:
            words = ", ".join(f"{number} {word}" for word, number in self.counts.items())
            print(f"{f' {words} in {took:.1f}s ':=^80}")
        return int(self.failed)


def need_chromium() -> None:
    """Install a browser when root may, the lighter one if it can; else say what is missing."""
    with contextlib.suppress(RuntimeError):
        servers.find_chromium()
        return
    apt = shutil.which("apt-get") if os.geteuid() == 0 else None
    if apt:
        _run_quietly([apt, "-qq", "update"])
        options = ["-qq", "-y", "--no-install-recommends"]
        for browser in BROWSERS:
            print(f"Installing {browser} and {FONTS} …", flush=True)
            if _run_quietly([apt, "install", *options, browser, FONTS]):
                break
    try:
        servers.find_chromium()
    except RuntimeError as missing:
        sys.exit(str(missing))


def _run_quietly(command: Sequence[str]) -> bool:
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, check=False, env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    return done.returncode == 0


def gates(results: Results) -> None:
    """Lint, format, types and import rules."""
    results.run_beside([(name, [str(TOOLS / tool), *options]) for name, (tool, *options) in GATES])


def tests(results: Results) -> None:
    """Everything that has tests: in parallel what may be, the rest after it."""
    folders = sorted({file.parent for file in (ROOT / "tests").rglob("test_*.py")})
    inside = [folder.relative_to(ROOT) for folder in folders]
    together = [folder for folder in inside if folder.parts[1] not in APART]
    together.sort(key=lambda folder: LONGEST_FIRST.find(folder.parts[1]))
    results.run("tests", [*PYTEST, *TOGETHER, *map(str, together)])
    for name, options in APART.items():
        if any(folder.parts[1] == name for folder in inside):
            results.run(name, [*PYTEST, *options, f"tests/{name}"])


def soak(results: Results) -> None:
    """The properties, the faults and every screen's languages, at length."""
    os.environ["QUEUE_SOAK"] = "1"
    long = ("tests/web/test_document.py", "tests/core")
    results.run("properties", [*PYTEST, "-n", "2", "--dist", "loadfile", *long])
    for name, options in APART.items():
        results.run(name, [*PYTEST, *options, f"tests/{name}"])


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for."""
    # Each of some two hundred processes would compile the service anew, for half a second.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    results = Results()
    match list(arguments):
        case ["lint"]:
            gates(results)
        case ["soak"]:
            soak(results)
        case []:
            need_chromium()
            servers.find_redis()
            gates(results)
            tests(results)
        case chosen:
            results.run("tests", [*PYTEST, *chosen])
    return results.tell()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
