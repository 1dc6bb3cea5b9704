"""Read the spool and foreign log files into the access database."""
