"""The services of the policy, independent of HTTP."""
