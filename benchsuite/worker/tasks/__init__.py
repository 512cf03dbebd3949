"""What a worker does for a case: a module for each task of `benchsuite.processes.tasks`."""
