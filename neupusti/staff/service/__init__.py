"""The rules of the staff room: who is given what, and how a person's page is opened."""
