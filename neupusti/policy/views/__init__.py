"""The pages, machine-readable formats and commands of the policy feature."""
