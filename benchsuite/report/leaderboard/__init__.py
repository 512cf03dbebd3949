"""The leaderboard: its rows, tables and formats."""
