"""The product catalog. Stores no personal data."""
