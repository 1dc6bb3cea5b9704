"""Email: stored with the change it reports, sent by one worker of the site (4.1.7)."""
