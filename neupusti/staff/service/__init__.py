"""The rules of staff management: permissions, suspensions, access to people."""
