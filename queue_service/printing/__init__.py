"""Tickets on paper: drawn as a picture, because only that prints Arabic, and sent to a printer."""
