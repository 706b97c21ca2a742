"""One script a step, in order of their numbers."""
