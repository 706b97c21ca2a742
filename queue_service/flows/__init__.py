"""Use cases: what a request, a tick or a command makes of the engines; one turn each."""
