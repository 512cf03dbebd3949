"""Training: metrics and the epoch loop, defined once for every backend."""
