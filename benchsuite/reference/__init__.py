"""The NumPy reference: it defines what every op, gradient and update rule computes."""
