"""The client's operations, by topic."""
