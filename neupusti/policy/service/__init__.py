"""The rules of the policy room, free of HTTP."""
