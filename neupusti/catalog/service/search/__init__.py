"""Search of the goods: the index, and the reading of what buyers type."""
