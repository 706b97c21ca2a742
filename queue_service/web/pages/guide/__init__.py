"""Pages of the guides' tablet."""
