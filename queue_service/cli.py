"""The command line: every command says what it does, fails plainly and exits accordingly.

Exit codes: 0 done, 1 failed (the message says why), 2 wrong use, 130 interrupted. What a command
needs is imported once it is called: to list the commands takes nothing but this table.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from queue_service import __version__
from queue_service.commands.failing import in_words

_PROGRAMS = {
    "demo": ("queue_service.demo.run", "a living office on this machine, links printed"),
    "bench": ("bench.cli", "measure; see queue-service bench --help"),
}
"""With a command line of their own. The demo's packages are an extra; serving needs neither."""
_COMMANDS = {
    "serve": ("serving", "serve the application"),
    "migrate": ("migrating", "bring the database to the newest schema, as its owner"),
    "check": ("checking", "check configurations, or what is stored"),
    "load": ("loading", "load configurations; says what changes, idempotent"),
    "staff": ("logins", "make a login or change its password and roles"),
    "enrol": ("enrolling", "enrol a device: print the link, or a code, that gives it its key"),
    "verify-confirmation": (
        "verifying",
        "check a signed confirmation with public keys, without network or database",
    ),
    "cards": ("card_files", "import a list of cards (CSV)"),
    "import-authorities": (
        "authority_files",
        "take a list of authorities (CSV) into a configuration",
    ),
    "day-list": ("day_lists", "the day on paper, with numbers for the hour without server"),
}


class _Command(argparse.ArgumentParser):
    """One command; `module` is imported when there is something to parse for it."""

    module = ""

    # What is parsed is argparse's: its overloads say more than a subclass could repeat.
    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        if self.module:
            command = import_module(f"queue_service.commands.{self.module}")
            command.arguments(self)
            self.set_defaults(run=command.run)
        return super().parse_known_args(args, namespace)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the console script's entry."""
    try:
        parser = _parser()
        given, rest = parser.parse_known_args(arguments)
        if given.command in _PROGRAMS:
            given.run = lambda _: import_module(_PROGRAMS[given.command][0]).main(rest)
        elif rest:
            parser.error(f"unknown: {' '.join(rest)}")
        if not given.command:
            parser.print_help()
            return 2
        return _run(given)
    except KeyboardInterrupt:
        return 130


def _run(given: argparse.Namespace) -> int:
    try:
        return int(given.run(given))
    except Exception as error:
        said = in_words(error)
        if said is None:
            raise
        print(f"queue-service {given.command}: {said}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="queue-service", description="Appointments and queues for immigration offices"
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Command)
    commands.add_parser("demo", help=_PROGRAMS["demo"][1], add_help=False)
    for name, (module, text) in _COMMANDS.items():
        commands.add_parser(name, help=text, description=text).module = module
    commands.add_parser("bench", help=_PROGRAMS["bench"][1], add_help=False)
    return parser


if __name__ == "__main__":
    sys.exit(main())
