"""What `queue-service` does besides serving: one module a command, run by `cli`.

A command's module has `arguments(parser)` and `run(given)`, and is imported once it is called.
"""
