"""Mail: written with the deed it tells of, sent by one worker of the site (4.1.7)."""
