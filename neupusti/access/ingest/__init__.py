"""Read the spool and the log files of other servers into the access database."""
