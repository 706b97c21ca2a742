"""Surge rules in words: metrics, phases, what was decided and why, what an action changes."""

from datetime import datetime

from queue_service.events.surge import (
    Measure,
    Measured,
    SurgeApproved,
    SurgeDecided,
    SurgeDeclined,
    SurgeEnded,
    SurgeFact,
    SurgeOverridden,
)
from queue_service.language.catalogues import Catalogue, catalogue, mark
from queue_service.language.formats import clock, day_short, number
from queue_service.model.refusal import Code, Refusal

HOUR_MINUTES, DAY_MINUTES = 60, 1440
METRICS = {
    "free_places": mark("Free places"),
    "days_to_free": mark("Days until the next free time"),
    "booked_share": mark("Booked places in per cent"),
    "no_shows_today": mark("People who did not come today"),
    "waiting_list": mark("People on the waiting list"),
    "cards_ready_unbooked": mark("Cards ready without appointment"),
    "work_minutes_per_counter": mark("Minutes of work waiting for each open counter"),
    "oldest_wait": mark("Longest wait in minutes"),
    "predicted_p80": mark("Expected wait in minutes"),
    "unserved_emergencies": mark("Emergencies nobody has taken yet"),
}
NEEDS = {
    "emergency": mark("emergencies"),
    "booking": mark("with appointment"),
    "walk_in": mark("without appointment"),
}
PHASES = {
    "calm": mark("Calm"),
    "holding": mark("Past the threshold"),
    "suggested": mark("Waits for your answer"),
    "running": mark("Running"),
}
APPROVALS = {
    "auto": mark("acts by itself"),
    "suggest": mark("one person agrees"),
    "two_persons": mark("two persons agree"),
}
WORDS = {
    "near": mark("Almost at the threshold"),
    "holding": mark("Past the threshold"),
    "rested": mark("Back before the threshold"),
    "blocked": mark("Did not act"),
    "would_fire": mark("Would have acted (dry run)"),
    "suggested": mark("Suggested"),
    "withdrawn": mark("Suggestion withdrawn"),
    "fired": mark("Began by itself"),
    "wave": mark("Next step began"),
    "clearing": mark("Demand falls"),
    "goes_on": mark("Demand rises again"),
    "approved": mark("Agreed"),
    "first_approved": mark("First of two agreed"),
    "declined": mark("Declined"),
    "start": mark("Begun by hand"),
    "suggest": mark("Suggested by hand"),
    "pause": mark("Paused"),
    "resume": mark("Goes on"),
    "over": mark("Ended by itself"),
    "cleared": mark("Ended: demand has fallen"),
    "by_hand": mark("Taken back by hand"),
}
REASONS = {
    "cooldown": mark("The cool-down is not over."),
    "cap_of_rule": mark("This rule has acted often enough today."),
    "cap_of_all": mark("All rules together have acted often enough today."),
    "cap_of_level_3": mark("Rules of level 3 have acted often enough today."),
    "expired": mark("The rule has expired."),
    "dry_run": mark("The rule is a dry run: it changes nothing."),
    "suggested": mark("It waits for an answer already."),
    "paused": mark("The rule is paused."),
    "staff": mark("There are not enough people for more desks."),
    "minimum": mark("Fewer places than the minimum would be left."),
    "nothing_free": mark("Nothing is free that could change over."),
    "unknown_limit": mark("A limit of the rule does not exist any more."),
    "over": mark("Its hours are over."),
    "running": mark("It is running already."),
    "cleared": mark("The demand has fallen."),
    "refused": mark("The change to the capacity was refused."),
    "unanswered": mark("Nobody answered in time."),
}
REFUSALS: dict[Code, tuple[str, str, str]] = {
    Code.UNKNOWN_RULE: (
        mark("This rule does not exist"),
        mark("It may have been taken out of the office's configuration."),
        mark("Please look at the list of rules again."),
    ),
    Code.NOT_SUGGESTED: (
        mark("Nothing waits for your answer here"),
        mark("Somebody else was faster, or the suggestion was withdrawn."),
        mark("Please look at the rule as it stands now."),
    ),
    Code.SECOND_PERSON: (
        mark("A second person must agree"),
        mark("You have agreed already; this rule needs two different persons."),
        mark("Please ask a colleague to look at the suggestion."),
    ),
    Code.RULE_STOPPED: (
        mark("The rule cannot act now"),
        mark("A guard stands in the way."),
        mark("Please change what stands in the way, or wait."),
    ),
    Code.TICKETS_STOPPED: (
        mark("No numbers are given out just now"),
        mark("So many people are waiting that nobody else without appointment can be served soon."),
        mark("Please book an appointment or come later; in an emergency speak to the staff now."),
    ),
}
"""Title, detail and next step, as `refusals` wants them."""


def metric(measured: Measured, language: str) -> str:
    """The name of a metric."""
    t = catalogue(language)
    name = t(METRICS.get(measured.metric, measured.metric))
    return f"{name} ({t(NEEDS[measured.need])})" if measured.need in NEEDS else name


def word_of(fact: SurgeFact) -> str:
    """What happened, as a code."""
    if isinstance(fact, SurgeDecided):
        return fact.outcome
    if isinstance(fact, SurgeApproved):
        return "approved" if fact.complete else "first_approved"
    if isinstance(fact, SurgeDeclined):
        return "declined"
    if isinstance(fact, SurgeOverridden):
        return fact.act
    return fact.why if isinstance(fact, SurgeEnded) else ""


def happened(fact: SurgeFact, language: str) -> str:
    """What happened, with its reason."""
    t = catalogue(language)
    word = word_of(fact)
    said = t(WORDS.get(word, word))
    reason = fact.reason if isinstance(fact, SurgeDecided) else ""
    return f"{said}. {t(REASONS[reason])}" if reason in REASONS else said


def stopped(t: Catalogue, refusal: Refusal) -> str:
    """Why a rule cannot act, or until when tickets are stopped; empty for other refusals."""
    if refusal.code is Code.TICKETS_STOPPED:
        return _stopped_until(t, str(refusal.data.get("until", "")))
    reason = str(refusal.data.get("reason", ""))
    known = refusal.code is Code.RULE_STOPPED and reason in REASONS
    return t(REASONS[reason]) if known else ""


def _stopped_until(t: Catalogue, until: str) -> str:
    try:
        ends = datetime.fromisoformat(until)
    except ValueError:
        return ""
    return t("Too many people are waiting. It goes on at {time} at the latest.", time=clock(ends))


def explained(
    measured: Measured, value: float | None, *, above: bool, phase: str, language: str
) -> list[str]:
    """Metric, threshold, hold and cool-down left, each as a sentence."""
    t = catalogue(language)
    now = t("not measured now") if value is None else number(value, language)
    bounds = (
        t("It speaks above {threshold} and ends below {clear}.", **_bounds(measured, language))
        if above
        else t("It speaks below {threshold} and ends above {clear}.", **_bounds(measured, language))
    )
    said = [f"{metric(measured, language)}: {now}.", bounds]
    hold = duration(measured.hold_minutes, t)
    if measured.hold_minutes and phase == "calm":
        said.append(t("The threshold must be passed for {hold}.", hold=hold))
    if measured.hold_minutes and phase == "holding":
        held = duration(measured.held_minutes, t)
        said.append(t("Past the threshold for {held}; it must last {hold}.", held=held, hold=hold))
    if measured.cooldown_left_minutes:
        left = duration(measured.cooldown_left_minutes, t)
        said.append(t("Cool-down: still {left}.", left=left))
    return said


def measure(found: Measure, name: str, language: str, *, steps: bool = False) -> str:
    """What one action changes, where, and on how many days; `name` says the limit or service.

    With `steps` also in which step it comes.
    """
    t = catalogue(language)
    said = _what(found, name, t)
    if steps:
        said = t("Step {n}: {what}", n=found.wave, what=said)
    if found.desks and found.places:
        said += " · " + t.plural("{n} place a day more", "{n} places a day more", found.places)
    if found.desks and found.days:
        said += " · " + t.plural("on {n} day", "on {n} days", found.days)
    return said


def until(at: datetime, language: str) -> str:
    """Day and time at which something ends."""
    return f"{day_short(at.date(), language)}, {clock(at)}"


def duration(minutes: int, t: Catalogue) -> str:
    """A length of time in its largest whole unit."""
    if minutes >= 2 * DAY_MINUTES or (minutes and minutes % DAY_MINUTES == 0):
        return t.plural("{n} day", "{n} days", round(minutes / DAY_MINUTES))
    if minutes >= 2 * HOUR_MINUTES or (minutes and minutes % HOUR_MINUTES == 0):
        return t.plural("{n} hour", "{n} hours", round(minutes / HOUR_MINUTES))
    return t.plural("{n} minute", "{n} minutes", minutes)


def _bounds(measured: Measured, language: str) -> dict[str, str]:
    bounds = {"threshold": measured.threshold, "clear": measured.clear}
    return {name: number(value, language) for name, value in bounds.items()}


def _what(found: Measure, name: str, t: Catalogue) -> str:
    n = found.desks
    match found.action:
        case "open_counters":
            return t.plural("{n} counter more: {what}", "{n} counters more: {what}", n, what=name)
        case "extra_team":
            return t.plural("Extra team of {n}: {what}", "Extra team of {n}: {what}", n, what=name)
        case "extra_hours":
            return t("Longer hours: {what}", what=name)
        case "convert_places":
            return t("Free places change over to: {what}", what=name)
        case "release_reserve":
            return t("The reserve is released: {what}", what=name)
        case "horizon":
            return t.plural("Bookable {n} day ahead", "Bookable {n} days ahead", found.places)
        case "open_waiting_list":
            return t("The waiting list opens")
    return _in_hall(found, t)


def _in_hall(found: Measure, t: Catalogue) -> str:
    n = found.desks
    match found.action:
        case "call_counters":
            return t.plural("Open {n} counter more", "Open {n} counters more", n)
        case "call_guides":
            return t.plural("{n} guide into the hall", "{n} guides into the hall", n)
        case "stop_tickets":
            return t("No numbers without appointment; emergencies and appointments go on")
    return t("A notice on this page")
