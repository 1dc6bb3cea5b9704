"""Write one line per answered request into the spool."""
