"""The waiting list: who wants an earlier place, and what is offered to them."""
