"""Paired measurements: every command runs its yardstick in alternation with what it measures.

Times are never asserted here; ratios of one run are compared with the goals and printed with
their conditions. Only loopback is used and every run ends by itself.
"""
