"""Forms: fields, declared purposes, validation and consent boxes."""
