"""Search: what comes first, that nothing is left out over all pages, and what is refused."""

import pytest
from test_collections import send

PEOPLE = [
    {"id": "p1", "name": "Ann Smith", "city": "Paris", "note": "likes long walks"},
    {"id": "p2", "name": "Anna Karenina", "city": "Moscow", "note": "all happy families are alike"},
    {"id": "p3", "name": "Johann Sebastian Bach", "city": "Leipzig", "note": "fugue in d minor"},
    {"id": "p4", "name": "John", "city": "London", "note": "plain"},
    {"id": "p5", "name": "John Smith", "city": "London", "note": "a smith by trade"},
    {"id": "p6", "name": "Elton John", "city": "Pinner", "note": "rocket man"},
    {"id": "p7", "name": "Johnny Cash", "city": "Kingsland", "note": "ring of fire"},
    {"id": "p8", "name": "Ärger Öl", "city": "Köln", "note": "ÜBER allem"},
    {"id": "p9", "name": "Иван Петров", "city": "Москва", "note": "ПРИВЕТ"},
    {"id": "p10", "name": "张伟", "city": "北京", "note": "你好 世界"},
    {"id": "p11", "name": "user_42@example.com", "city": "New York", "note": "order #1234-X"},
    {"id": "p12", "name": "user_421@example.com", "city": "York", "note": "order #1235-X"},
    {"id": "p13", "name": "O'Brien", "city": "Dublin", "note": "100% 'quoted' \\ \"text\""},
    {"id": "p14", "name": "Zoë 😀", "city": "Oslo", "note": "smile 😀 & wave", "extra": "only here: quokka"},
    {"id": "p15", "name": "Paris Hilton", "city": "Los Angeles", "note": "hotel"},
    {"id": "p16", "name": "tab\tand\nnewline", "city": "Rome", "note": "red wine and white bread"},
    {"id": "p17", "name": "Rome", "city": "Georgia", "note": "white wine and red bread"},
]
FIRST = [
    ("john", "p4"), ("JOHN", "p4"), ("john smith", "p5"), ("smith john", "p5"), ("elton", "p6"), ("johnny", "p7"),
    ("ann", "p1"), ("anna", "p2"), ("happy families", "p2"), ("bach", "p3"), ("ärger", "p8"), ("über", "p8"),
    ("москва", "p9"), ("Привет", "p9"), ("北京", "p10"), ("user_42", "p11"), ("user_421", "p12"), ("york", "p12"),
    ("quokka", "p14"), ("😀", "p14"), ("o'brien", "p13"), ("paris", "p1"), ("rome", "p17"), ("red wine", "p16"),
    ("p7", "p7"), ("100%", "p13"),
]  # fmt: skip


@pytest.fixture(scope="module")
def server(serve_module):
    started = serve_module()
    note = "john-ish romeo parisian yorkshire"
    filler = [{"id": f"f{i}", "name": f"nobody {i}", "city": f"town {i % 97}", "note": note} for i in range(3000)]
    send(started, filler[:1500])
    send(started, PEOPLE)
    send(started, filler[1500:])
    return started


def search(server, query, **body):
    answer = server.ask("POST", "/query/search", {"query": query, **body})
    assert answer.status == 200, answer.body[:500]
    return answer.json()


@pytest.mark.parametrize(("query", "first"), FIRST)
def test_what_comes_first(server, query, first):
    found = search(server, query)
    assert found["data"][0]["id"] == first, [row["id"] for row in found["data"][:5]]
    assert found["complete"] is True and found["cursor"] is None
    assert found["rows_searched"] == 3017


def test_every_word_must_be_there_and_columns_are_the_collections(server):
    assert search(server, "john quokka")["data"] == []
    assert search(server, "nosuchthing")["total_rows"] == 0
    (row,) = search(server, "quokka")["data"]
    assert row["extra"] == "only here: quokka" and set(row) == {"id", "name", "city", "note", "extra", "ingested_at"}
    assert search(server, "john", limit=3)["total_rows"] == 3


def test_over_the_edge_of_two_values_there_is_no_match(server):
    assert search(server, "plainp5")["data"] == []
    assert search(server, "londonlondon")["data"] == []


def test_all_pages_together_have_every_record_once(serve):
    server = serve(flags=["--merge-after-s", "3600"])
    for commit in range(12):
        send(server, [{"id": f"{commit}-{i}", "text": "needle" if i % 50 == 0 else "hay"} for i in range(500)])
    found, cursor, pages = [], None, 0
    while True:
        page = search(server, "needle", budget_ms=1, limit=1000, **({"cursor": cursor} if cursor else {}))
        found += [row["id"] for row in page["data"]]
        pages += 1
        cursor = page["cursor"]
        assert (cursor is None) == page["complete"]
        if page["complete"]:
            break
        if pages == 1:
            send(server, [{"id": "new", "text": "needle"}])  # behind the cursor's place: not seen any more
    assert sorted(found) == sorted(f"{commit}-{i}" for commit in range(12) for i in range(0, 500, 50))
    assert pages <= 13


@pytest.mark.parametrize("body", [
    {}, {"query": ""}, {"query": "   "}, {"query": 5}, {"query": "x " * 17}, {"query": "x", "limit": -1},
    {"query": "x", "cursor": "nonsense"}, {"query": "x", "budget_ms": 0}, {"query": "x", "unknown": 1},
])  # fmt: skip
def test_what_is_refused(server, body):
    answer = server.ask("POST", "/query/search", body)
    assert (answer.status, answer.code) == (400, "InvalidData"), answer.body


@pytest.mark.parametrize(("kept", "asked"), [
    ("ĐẠI HỌC", "đại học"), ("Άννα", "ΆΝΝΑ"), ("Ґанок", "ҐАНОК"), ("Ґанок", "ґанок"), ("ΟΔΟΣ", "οδος"),
    ("ŽLUŤ", "žluť"),
    ("ՀԱՅԱՍՏԱՆ", "հայաստան"), ("ＡＢＣ", "ａｂｃ"), ("ÿ", "Ÿ"),
    ("a\u0327\u0301b", "\u00e1\u0327b"), ("e\u0302\u0323", "\u1ec7"), ("\u1ec7", "E\u0302\u0323"),
])  # fmt: skip
def test_letters_of_every_alphabet_in_any_case_and_form(serve, kept, asked):
    server = serve()
    send(server, [{"id": "1", "t": kept}, {"id": "2", "t": "other"}])
    for text in (kept, asked):
        found = server.ask("POST", "/query/search", {"query": text})
        assert found.status == 200, found.body
        assert [row["id"] for row in found.json()["data"]] == ["1"], (text, found.body)
