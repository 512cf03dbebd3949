"""From what is asked to the list of cases that answer it."""

from benchsuite.planning.plan import choose_backends
from benchsuite.planning.spec import RunSpec, make_spec

__all__ = ["RunSpec", "choose_backends", "make_spec"]
