"""Pages for applicants: booking, their appointment, waiting list, ticket."""
