"""Estimates, intervals, and whether two things differ."""
