"""The first thing that every process of ours does, before it imports what it is for.

Whoever starts it (`benchsuite.processes.interpreter`) says in variables what it is to keep to.
"""

import os
import sys
from importlib import import_module

from benchsuite.processes.kernel import adopt_orphans, die_with, go_first, limit_memory

#: The id of the process that starts this one, and with which it ends.
PARENT = "BENCHSUITE_PARENT"
#: Bytes that each process of a worker may hold; unset for no limit.
MEMORY_LIMIT = "BENCHSUITE_MEMORY_LIMIT"


def enter() -> None:
    """Run the `main` of the module that the command line names first; it sees the rest."""
    del sys.argv[0]
    # Outlive nobody, be the first to go where memory is full, and keep to the limit.
    die_with(int(os.environ[PARENT]))
    go_first()
    adopt_orphans()
    if limit := os.environ.get(MEMORY_LIMIT):
        limit_memory(int(limit))
    import_module(sys.argv[0]).main()
