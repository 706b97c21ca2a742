"""What desks do with people in the house, and how each act is taken back."""
