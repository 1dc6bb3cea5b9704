"""The list of goods for staff: filters, search, pages."""

import re

from flask import Flask
from flask.testing import FlaskClient

from tests.catalog import staff_goods as goods
from tests.catalog.staff_goods import LIST, product


def test_the_list_is_filtered_and_searched(app: Flask, browser: FlaskClient) -> None:
    one, two = goods.category(), goods.category("Сад")
    shown = product(one, shown=True)
    product(two, name_ru="Әсем ГҮЛ", name_kk="Әсем гүл", name_en="Flower_1", article="G-7")
    for query, found in {
        "": 2,
        f"category={one}": 1,
        f"category={two}&q=чайник": 0,
        "published=1": 1,
        "published=0": 1,
        "band=out": 2,
        "band=in": 0,
        "q=ЧАЙНИК": 1,
        "q=әСЕМ": 1,
        "q=эмал+чай": 1,
        "q=g-7": 1,
        "q=r_1": 1,
        "q=_": 1,
        "q=%25": 0,
        "q=%27+OR+1": 0,
        "band=x&published=9&category=x&page=-1": 2,
        "page=" + "9" * 30: 2,
        "category=" + "9" * 30: 2,
    }.items():
        text = browser.get(f"{LIST}?{query}").text
        assert len(re.findall(r'<th scope="row" class="named">', text)) == found, query
    assert f"{LIST}{shown}/stock" in browser.get(LIST).text
    assert browser.get("/kk" + LIST).status_code == 200


def test_an_empty_list_tells_no_goods_from_none_that_fit(browser: FlaskClient) -> None:
    for query, words in {
        "": "Пока ничего.",
        "band=x&published=9&page=2": "Пока ничего.",
        "q=x": "Под эти условия не подходит ни один товар.",
        "published=0": "Под эти условия не подходит ни один товар.",
        "category=7": "Под эти условия не подходит ни один товар.",
    }.items():
        assert words in browser.get(f"{LIST}?{query}").text, query


def test_a_long_list_has_pages(app: Flask, browser: FlaskClient) -> None:
    where = goods.category()
    for number in range(51):
        product(where, article=f"K-{number}")
    for page_number, expected in ((1, 50), (2, 1), (3, 1)):
        text = browser.get(f"{LIST}?q=k-&page={page_number}").text
        assert len(re.findall(r'<th scope="row" class="named">', text)) == expected
        assert "?q=k-&amp;page=" in text
