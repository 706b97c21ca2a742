"""Pages for everybody who signs in: appointments, lists on paper."""
