"""The NumPy reference: every op's definition at work, and training by hand with them."""
