"""Money: whole tenge, formatted as is usual in Kazakhstan."""


def tenge(amount: int) -> str:
    """Return `amount` as «12 990 ₸», with no-break spaces: so in all three languages.

    CLDR gives the tenge two decimals nobody uses, and English would put «KZT» in front.
    """
    return f"{amount:,}\xa0₸".replace(",", "\xa0")
