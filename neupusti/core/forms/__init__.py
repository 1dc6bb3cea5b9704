"""Forms: what they ask and why, what they refuse, how a consent is given."""
