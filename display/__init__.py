"""The lobby: who is called where, on a screen that everybody can read and hear."""
