"""Questions to PostgreSQL, one function each: Core statements compiled once, run on the driver."""
