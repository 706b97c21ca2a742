"""The walk through an office's triage: an answer leads to the next question or to an outcome.

Pure. Where somebody lives is answered by municipality keys; a key is never guessed: while several
keys do not agree, the walk stays at its question. Who is responsible elsewhere is left to
`offices.jurisdiction`, words and pictures to the pages.
"""

import re

import msgspec

from queue_service.model.office import Office
from queue_service.model.triage import Kind, Outcome, Question, Triage

MOST_ANSWERS = 20
"""Longer than any tree that passes the check; bounds what an address can ask for."""
_KEYS = re.compile(r"\d{8}(-\d{8}){0,59}")

Answers = tuple[str, ...]
"""Keys of the answers so far; a place is answered by its municipality key, several joined by -."""


class Tree(msgspec.Struct, frozen=True):
    """An office's triage on a given day."""

    triage: Triage
    own: tuple[str, ...] = ()
    """Municipality keys, or those of districts, that the office serves."""
    holding: frozenset[tuple[str, str]] = frozenset()
    """(service, exemption) in force; the general rule of a service under an empty exemption."""

    @classmethod
    def of(cls, office: Office) -> "Tree":
        """The tree of `office` with what holds in it now."""
        holding = {
            (service.code, key)
            for service in office.services
            for key in (*(e.key for e in service.exempt), *([""] if service.not_needed else []))
        }
        return cls(office.triage, office.jurisdiction.ags, frozenset(holding))


def begin(tree: Tree) -> Question | Outcome | None:
    """The first question; None for an office that asks nothing."""
    return walk(tree, ())


def answer(tree: Tree, given: Answers, choice: str) -> Question | Outcome | None:
    """What follows `choice` after the answers given before; None when it is no answer there."""
    return walk(tree, (*given, choice))


def walk(tree: Tree, given: Answers) -> Question | Outcome | None:
    """Where these answers lead; None when they do not fit the tree (it may have changed)."""
    if len(given) > MOST_ANSWERS:
        return None
    at = _at(tree, tree.triage.first)
    for choice in given:
        if not isinstance(at, Question):
            return None
        following = _following(tree, at, choice)
        at = at if following == at.key else _at(tree, following)
    return at


def keys_in(choice: str) -> tuple[str, ...]:
    """The municipality keys of an answer about a place; none when it is another answer."""
    return tuple(choice.split("-")) if _KEYS.fullmatch(choice) else ()


def undecided(tree: Tree, given: Answers) -> tuple[str, ...]:
    """The municipalities to choose from while the last answer left the place open."""
    keys = keys_in(given[-1]) if given else ()
    at = walk(tree, given)
    return keys if isinstance(at, Question) and at.kind is Kind.PLACE else ()


def _following(tree: Tree, at: Question, choice: str) -> str:
    keys = keys_in(choice) if at.kind is Kind.PLACE else ()
    if keys:
        here = {any(key.startswith(own) for own in tree.own) for key in keys}
        return at.key if len(here) > 1 else at.here if here == {True} else at.elsewhere
    return next((said.next for said in at.answers if said.key == choice), "")


def _at(tree: Tree, key: str) -> Question | Outcome | None:
    found = tree.triage.question(key) or tree.triage.outcome(key)
    return effective(tree, found) if isinstance(found, Outcome) else found


def effective(tree: Tree, outcome: Outcome) -> Outcome:
    """The outcome itself, or what stands in for it on days on which its rule does not hold."""
    if not outcome.otherwise or (outcome.service or "", outcome.exempt) in tree.holding:
        return outcome
    return tree.triage.outcome(outcome.otherwise) or outcome
