"""Arriving, with and without network: kiosks, guides, paper, tickets."""
