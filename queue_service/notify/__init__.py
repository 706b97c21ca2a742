"""Telling people: what is due after which entry, how it reads, and its way out of the house."""
