"""The drop-in for threads."""
