"""What can happen, by chapter, and the journal entry that says so."""
