"""Proof that a network is the same in every backend, written as certificates."""

from benchsuite.verify.conduct import Request, verify

__all__ = ["Request", "verify"]
