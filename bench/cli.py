"""`queue-service bench NAME`: run one bench, print its report, say by the exit code if it held."""

import argparse
import resource
import signal
import sys
from collections.abc import Callable, Sequence

from bench import report
from queue_service.demo.postgres import LaunchError

_OPEN_FILES = 8_192


def _race(rounds: int | None, quick: bool) -> report.Report:
    from bench import race

    return race.run(rounds=rounds, quick=quick)


def _book(rounds: int | None, quick: bool) -> report.Report:
    from bench import book

    return book.run(rounds=rounds, quick=quick)


def _crowd(rounds: int | None, quick: bool) -> report.Report:
    from bench import crowd

    return crowd.run(rounds=rounds, quick=quick)


def _availability(rounds: int | None, quick: bool) -> report.Report:
    from bench import availability

    return availability.run(rounds=rounds, quick=quick)


def _month(rounds: int | None, quick: bool) -> report.Report:
    from bench import month

    return month.run(rounds=rounds, quick=quick)


def _edit(rounds: int | None, quick: bool) -> report.Report:
    from bench import edit

    return edit.run(rounds=rounds, quick=quick)


def _fanout(rounds: int | None, quick: bool) -> report.Report:
    from bench import fanout

    return fanout.run(rounds=rounds, quick=quick)


def _sharing(rounds: int | None, quick: bool) -> report.Report:
    from bench import sharing

    return sharing.run(rounds=rounds, quick=quick)


def _wait(rounds: int | None, quick: bool) -> report.Report:
    from bench import wait

    return wait.run(rounds=rounds, quick=quick)


def _waiting(rounds: int | None, quick: bool) -> report.Report:
    from bench import waiting

    return waiting.run(rounds=rounds, quick=quick)


def _floor(rounds: int | None, quick: bool) -> report.Report:
    from bench import floor

    return floor.run(rounds=rounds, quick=quick)


def _heidelberg(rounds: int | None, quick: bool) -> report.Report:
    from bench import heidelberg

    return heidelberg.run(rounds=rounds, quick=quick)


def _surge(rounds: int | None, quick: bool) -> report.Report:
    from bench import surge

    return surge.run(rounds=rounds, quick=quick)


BENCHES: dict[str, tuple[str, Callable[[int | None, bool], report.Report]]] = {
    "race": ("100 clients for places, moves, swaps, offers; and a control (3 minutes)", _race),
    "crowd": ("500 clients for 200 places, 2,000 for 50, over HTTP (1 minute)", _crowd),
    "book": ("holds and refusals against hello and the database (4 minutes)", _book),
    "availability": ("a month of availability against hello (2 minutes)", _availability),
    "sharing": ("limits of shared desks against matching and greedy (1 minute)", _sharing),
    "waiting": ("freed places filled from the waiting list, simulated days (1 minute)", _waiting),
    "wait": ("predicted waits against sixty simulated days (2 minutes)", _wait),
    "floor": ('16 desks press "next" 10,000 times over HTTP (3 minutes)', _floor),
    "heidelberg": ("a Heidelberg day over HTTP, judged by its journal (2 minutes)", _heidelberg),
    "surge": ("full days with and without the surge rule, simulated (20 seconds)", _surge),
    "month": ("a month at 1,000 to 1,000,000 bookings; seven offices (3 minutes)", _month),
    "edit": ("capacity of sixty days edited while people book (1 minute)", _edit),
    "fanout": ("one event to 1,000 screens against Redis pub/sub (1 minute)", _fanout),
}


def parser() -> argparse.ArgumentParser:
    """The options of `queue-service bench`."""
    told = argparse.ArgumentParser(
        prog="queue-service bench",
        description="Measure on this machine; yardsticks run in alternation with what is measured.",
        epilog="Benches: " + "; ".join(f"{name}: {what}" for name, (what, _) in BENCHES.items()),
    )
    told.add_argument("name", choices=BENCHES, help="what to measure")
    told.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    told.add_argument("--rounds", type=_rounds, help="how often everything is repeated")
    told.add_argument("--quick", action="store_true", help="few short rounds, to see it work")
    return told


def _rounds(text: str) -> int:
    rounds = int(text)
    if not 1 <= rounds <= 1_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 1000")
    return rounds


def main(argv: Sequence[str] | None = None) -> int:
    """Run one bench; 0 when every goal held, 1 when one was missed or it could not run."""
    options = parser().parse_args(argv)
    _allow_files()
    # Told to stop, everything that was started is ended on the way out.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    _, run = BENCHES[options.name]
    try:
        done = run(options.rounds, options.quick)
    except (LaunchError, RuntimeError, ConnectionError, TimeoutError) as error:
        print(f"queue-service bench {options.name}: {error}", file=sys.stderr)
        return 1
    print(report.as_json(done) if options.json else report.as_table(done))
    return 0 if done.holds else 1


def _allow_files() -> None:
    """A thousand screens need a thousand files on each side."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _OPEN_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(_OPEN_FILES, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
