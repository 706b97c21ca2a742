"""Who may come when: calendar, capacity, claims, openings. Pure: no I/O, no clock."""
