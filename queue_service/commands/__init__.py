"""What `queue-service` does besides serving: one module a command, run by `cli`."""
