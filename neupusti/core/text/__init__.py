"""Languages, dates, money, names, phones, addresses and characters."""
