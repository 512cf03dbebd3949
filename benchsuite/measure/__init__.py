"""Measurement: the protocol, the clock, memory and the environment."""
