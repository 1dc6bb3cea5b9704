"""The settings of a site: read once from the environment, checked, handed to Flask."""
