"""JSON for programs and devices: the public contract under /api/v1."""
