"""Runs: from a specification to records, each case in processes of its own."""

from benchsuite.run.conduct import Run, conduct, given_up, plan, resume
from benchsuite.run.observer import Observer
from benchsuite.run.plan import choose_backends
from benchsuite.run.spec import RunSpec, make_spec

__all__ = [
    "Observer",
    "Run",
    "RunSpec",
    "choose_backends",
    "conduct",
    "given_up",
    "make_spec",
    "plan",
    "resume",
]
