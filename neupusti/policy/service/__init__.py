"""The rules of the policy room, free of HTTP: parse, lint, publish, compare, account for."""
