"""Money: whole tenge, formatted as is usual in Kazakhstan."""

from babel.numbers import format_currency

from neupusti.core.text.languages import Language


def tenge(amount: int, language: Language) -> str:
    """Return `amount` as «12 990 ₸», with no-break spaces, in each language's locale.

    CLDR gives the tenge two decimals nobody uses, and English would put «KZT» in front.
    """
    locale = "en" if language is Language.EN else language.locale
    text = format_currency(
        amount, "KZT", format="#,##0\xa0¤", currency_digits=False, locale=locale
    )
    return text.replace(",", "\xa0").replace("KZT", "₸")
