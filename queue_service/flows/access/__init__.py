"""Who comes in: staff and devices, their keys and signs of life."""
