"""The machine: its facts, what happens on it, and what it can show."""
