"""Comparison: one run with another, or what differs within one, figure by figure."""
