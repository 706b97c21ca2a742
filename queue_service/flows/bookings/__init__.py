"""Appointments of applicants and what staff do with them."""
