"""A whole office alive on one machine: its own database, its people, its post."""
