"""The report page: every result of a run in one HTML file that needs no network."""
