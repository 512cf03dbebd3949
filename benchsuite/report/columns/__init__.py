"""The leaderboard's columns: what each means, and how its cells are read and shown."""
