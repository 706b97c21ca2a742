"""The schema's history: forward only, small, safe under load."""
