"""Where data sets come from: embedded, published, and a user's own files."""
