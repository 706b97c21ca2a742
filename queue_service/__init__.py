"""Appointments and queues for immigration offices (Ausländerbehörden)."""

__version__ = "0.1.0"
