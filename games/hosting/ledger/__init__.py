"""The room store: who owns which room, and what happened in it, so that a room outlives its worker.

``base`` says what is promised. ``in_memory`` (for tests), ``in_sqlite`` (one worker, a file) and
``in_redis`` (any number of workers) keep it, and pass the same tests. ``watch`` says which workers
are silent; ``committer`` brings the ticks of all rooms of a worker to the store, many at a time.
"""

from games.hosting.ledger.base import (
    HOLLOW,
    Append,
    Checkpoint,
    Claim,
    Entry,
    Lease,
    LeaseLost,
    Ledger,
    LedgerDamaged,
    LedgerError,
    LedgerFull,
    LedgerInUse,
    LedgerUnavailable,
    Loaded,
    OutOfStep,
    Owner,
    Refused,
    Verdict,
)

__all__ = [
    "HOLLOW",
    "Append",
    "Checkpoint",
    "Claim",
    "Entry",
    "Lease",
    "LeaseLost",
    "Ledger",
    "LedgerDamaged",
    "LedgerError",
    "LedgerFull",
    "LedgerInUse",
    "LedgerUnavailable",
    "Loaded",
    "OutOfStep",
    "Owner",
    "Refused",
    "Verdict",
]
