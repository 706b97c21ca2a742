"""The words of the trade as frozen values; they know no I/O, no clock and no framework."""
