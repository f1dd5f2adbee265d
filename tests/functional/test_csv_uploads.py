"""Uploads of CSV into collections, as spreadsheets and other programs write them: what is kept is what they say."""

import pytest

CSV = {"Content-Type": "text/csv"}


def upload(server, body, collection):
    answer = server.ask("POST", "/ingest", body, CSV, collection=collection)
    assert answer.status == 200, answer.body[:800]


def rows(server, collection, columns):
    statement = f"SELECT {columns} FROM {collection} ORDER BY n"
    answer = server.ask("POST", "/query/sql", {"sql": statement})
    assert answer.status == 200, answer.body[:800]
    return answer.json()["data"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("semicolons", b"n;a\n1;2\n"),
        ("tabs", b"n\ta\n1\t2\n"),
        ("bars", b"n|a\r\n1|2\r\n"),
        ("excel", b"sep=;\r\nn;a\r\n1;2\r\n"),
        ("old_mac", b"n,a\r1,2\r"),
        ("utf16le", "\ufeffn,a\n1,2\n".encode("utf-16-le")),
        ("utf16be", "\ufeffn;a\r\n1;2\r\n".encode("utf-16-be")),
        ("utf16_unmarked", "n,a\n1,2\n".encode("utf-16-le")),
    ],
)
def test_a_dialect_is_found_from_the_begin(serve, name, body):
    server = serve()
    upload(server, body, name)
    assert rows(server, name, "n, a") == [{"n": 1, "a": 2}]


def test_texts_of_another_alphabet_come_in_utf16(serve):
    server = serve()
    upload(server, "n;name\n1;Żółć 😀\n2;\"a;b\"\n".encode("utf-16"), "names")
    assert rows(server, "names", "n, name") == [{"n": 1, "name": "Żółć 😀"}, {"n": 2, "name": "a;b"}]


def test_a_cell_is_a_number_only_where_that_gives_its_text_back(serve):
    server = serve()
    upload(server, b"n,v\n1,1.10\n2,1E5\n3,007\n", "codes")
    assert rows(server, "codes", "n, v") == [
        {"n": 1, "v": "1.10"}, {"n": 2, "v": "1E5"}, {"n": 3, "v": "007"}]  # fmt: skip
    upload(server, b"n,v\n1,1.5\n2,2e-07\n3,4\n", "numbers")
    assert rows(server, "numbers", "n, v") == [
        {"n": 1, "v": 1.5}, {"n": 2, "v": 2e-07}, {"n": 3, "v": 4.0}]  # fmt: skip


def test_amounts_are_numbers(serve):
    server = serve()
    upload(server, b"n,price\n1,241.30\n2,100.00\n3,0.29\n", "prices")
    assert rows(server, "prices", "n, price") == [
        {"n": 1, "price": 241.3}, {"n": 2, "price": 100.0}, {"n": 3, "price": 0.29}]  # fmt: skip


def test_what_cannot_be_read_is_refused_with_its_line(serve):
    server = serve()
    for body, line in ((b"n;a\n1;2\n3;4;5\n", "line 3"), ("n,a\n1,x".encode("utf-16-le") + b"y", "line 2")):
        answer = server.ask("POST", "/ingest", body, CSV, collection="broken")
        assert (answer.status, answer.code) == (400, "InvalidData"), answer.body
        assert line in answer.body.decode(), answer.body
