"""Pages of call desks."""
