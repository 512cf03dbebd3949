"""What a worker proves of what it has just timed: same process, same callables, no clock."""
