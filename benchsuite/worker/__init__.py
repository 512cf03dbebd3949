"""What runs inside a worker process: it imports one framework and does jobs."""
