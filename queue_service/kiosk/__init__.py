"""Arriving, decided purely: who may check in when, and the number they get."""
