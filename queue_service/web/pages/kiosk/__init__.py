"""Pages of the kiosk, and the triage that kiosks, tablets and phones share."""
