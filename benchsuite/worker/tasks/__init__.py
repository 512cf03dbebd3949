"""What a worker does for a case, each task in a process of its own and a module of its own.

`benchsuite.processes.tasks` declares them; a worker imports those that it is asked for.
"""
