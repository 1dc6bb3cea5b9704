"""Pages, exports and commands of the statistics."""
