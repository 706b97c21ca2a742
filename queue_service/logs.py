"""How a process logs: one line an event on standard error, tracebacks without local values.

Local values could be somebody's name; the default console renderer would print them.
"""

import logging
import sys

import structlog


def configure() -> None:
    """Set structlog up for this process; harmless when repeated."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Jobs log their own faults; the scheduler would add a traceback for each it cancels at a stop.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
