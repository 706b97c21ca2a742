"""The visit from number to goodbye, decided purely: the line and the acts of a desk."""
