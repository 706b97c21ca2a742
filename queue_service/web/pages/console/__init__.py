"""Pages of the managers' console."""
