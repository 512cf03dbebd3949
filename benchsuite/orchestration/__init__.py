"""Runs: from planned cases to records, each case in processes of its own."""

from benchsuite.orchestration.observer import Observer
from benchsuite.orchestration.orchestrate import Run, given_up, orchestrate, plan, resume

__all__ = ["Observer", "Run", "given_up", "orchestrate", "plan", "resume"]
