"""Proof that a network is the same in every backend, written as certificates."""

from benchsuite.parity.certify import Request, verify

__all__ = ["Request", "verify"]
