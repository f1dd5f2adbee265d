"""Files of CSV and JSON: every cell and value comes back as it stands in the file, in every route.

Each case is a file and the table that it is. The same check runs for all of them: rows, sorted and filtered rows,
SQL, and exports as CSV and Parquet must give that table.
"""

import csv
import gzip
import io
import json
import os
import time

import pyarrow.parquet
import pytest
from serving import wait_for

N = 30_000  # rows alike, before the one that is not: more than any sample


def late(header, cell, last):
    lines = "".join(f"{i},{cell}\n" for i in range(N))
    return f"{header}\n{lines}{N},{last}\n"


def late_json(before, last):
    return (json.dumps(before) + "\n") * N + json.dumps(last) + "\n"


HARD_INTEGER = 9007199254740993
# name → content, columns, rows (None: only the last row is named, by its values).
CASES = {
    "digits20.csv": ("value,name\n12345678901234567890,abc\n99999999999999999999,abc\n", ["value", "name"],
                     [["12345678901234567890", "abc"], ["99999999999999999999", "abc"]]),
    "beyond2p53.csv": (f"value,name\n{HARD_INTEGER},a\n1.5,b\n", ["value", "name"],
                       [[str(HARD_INTEGER), "a"], ["1.5", "b"]]),
    "e400.csv": ("v\n0.1\n0.2\n1e308\n-1e-320\n1e400\n", ["v"], [["0.1"], ["0.2"], ["1e308"], ["-1e-320"], ["1e400"]]),
    "three.csv": ("c0\nv0\na;b\n", ["c0"], [["v0"], ["a;b"]]),
    "short.csv": ("a,b,c\n" + "".join(f"{i},x{i},y\n" for i in range(100)) + "100,x\n", ["a", "b", "c"],
                  [[i, f"x{i}", "y"] for i in range(100)] + [[100, "x", None]]),
    "wide_header.csv": ("a,b,c\n1,2\n3,4\n", ["a", "b", "c"], [[1, 2, None], [3, 4, None]]),
    "names.csv": ("name\n\"Smith, John\"\n\"Doe, Jane\"\n", ["name"], [["Smith, John"], ["Doe, Jane"]]),
    "semicolons.csv": ("name;note\nann;hello, world\nbob;a, b, c\n", ["name", "note"],
                       [["ann", "hello, world"], ["bob", "a, b, c"]]),
    "hash.csv": ("id,name\n" + "".join(f"{i},n{i}\n" for i in range(51)) + "#51,n51\n", ["id", "name"],
                 [[str(i), f"n{i}"] for i in range(51)] + [["#51", "n51"]]),
    "empty_text.csv": ("id,v\n1,\"\"\n2,\n3,\"x\"\n", ["id", "v"], [[1, ""], [2, None], [3, "x"]]),
    "parts.csv": ("part,no\na,12.11.10\nb,10.9.8\n", ["part", "no"], [["a", "12.11.10"], ["b", "10.9.8"]]),
    "yymmdd.csv": ("Country;Location;Count;Date\nChina;\"35.86166;104.19397\";97100,7;04/07/20\n",
                   ["Country", "Location", "Count", "Date"], [["China", "35.86166;104.19397", "97100,7", "04/07/20"]]),
    "nan_names.csv": ("id,name\n1,Nan\n2,Inf\n3,Infinity\n", ["id", "name"], [[1, "Nan"], [2, "Inf"], [3, "Infinity"]]),
    "yes_no.csv": ("id,d\n1,yes\n2,no\n", ["id", "d"], [[1, "yes"], [2, "no"]]),
    "t_f.csv": ("id,d\n1,T\n2,F\n", ["id", "d"], [[1, "T"], [2, "F"]]),
    "codes.csv": ("part,code\na,1E5\nb,2E10\nc,7E2\n", ["part", "code"], [["a", "1E5"], ["b", "2E10"], ["c", "7E2"]]),
    "zeros.csv": ("zip,n\n00501,1\n10001,2\n", ["zip", "n"], [["00501", 1], ["10001", 2]]),
    "hex.csv": ("v\n0x1A\n0xFF\n", ["v"], [["0x1A"], ["0xFF"]]),
    "versions.csv": ("v,n\n1.10,1\n1.9,2\n", ["v", "n"], [["1.10", 1], ["1.9", 2]]),
    "utf16.csv": (b"\xff\xfe" + "id,name\n1,ä€\n".encode("utf-16-le"), ["id", "name"], [[1, "ä€"]]),
    "sep.csv": ("sep=;\na;b\n1;2\n", ["a", "b"], [[1, 2]]),
    "late_fraction.csv": (late("id,v", 7, "1.5"), ["id", "v"], [N, "1.5"]),
    "late_text.csv": (late("id,v", 7, "abc"), ["id", "v"], [N, "abc"]),
    "late_digits.csv": (late("id,v", 7, "123456789012345678901"), ["id", "v"], [N, "123456789012345678901"]),
    "late_one.csv": (late("id,v", "true", "1"), ["id", "v"], [N, "1"]),
    "late_zeros.csv": (late("id,v", 501, "00501"), ["id", "v"], [N, "00501"]),
    "late_quote.csv": (late("v,id", 1, '"x,y\nz"'), ["v", "id"], [N, "x,y\nz"]),
    "late_fraction.ndjson": (late_json({"c": 7}, {"c": 1.5}), ["c"], [1.5]),
    "late_true.ndjson": (late_json({"c": 7}, {"c": True}), ["c", "c__string"], [None, "true"]),
    "late_key.ndjson": (late_json({"a": 1}, {"a": 1, "b": "late"}), ["a", "b"], [1, "late"]),
    "late_word.ndjson": (late_json({"c": 7}, {"c": "abc"}), ["c", "c__string"], [None, "abc"]),
    "late_uint64.ndjson": (late_json({"c": 7}, {"c": 9223372036854775808}), ["c"], ["9223372036854775808"]),
    "digits39.ndjson": ('{"id":277447099861456945273576150847928801582}\n', ["id"],
                        [["277447099861456945273576150847928801582"]]),
    "uuid.json": ('[{"id":"BBD05AE7-76A6-4F1F-8F0A-57B8C7E1C8C5"}]', ["id"],
                  [["BBD05AE7-76A6-4F1F-8F0A-57B8C7E1C8C5"]]),
    "zone.json": ('{"extracted_at": "2026-04-29T14:38:00+02:00"}', ["extracted_at"], [["2026-04-29T14:38:00+02:00"]]),
    "int_str.json": ('[{"a":1},{"a":"2"}]', ["a", "a__string"], [[1, None], [None, "2"]]),
    "pretty.json": ('{\n  "a": 1\n}\n{\n  "a": 2\n}\n', ["a"], [[1], [2]]),
    "scalars.json": ('[1, 2, null]', ["json"], [[1], [2], [None]]),
}
ENCODED = {"latin1.csv": ("id,name\n1,Zürich\n2,Genève\n".encode("latin-1"), ["id", "name"],
                          [[1, "Zürich"], [2, "Genève"]])}


def text_of(value):
    """A value as the text that tells it from all others of its column."""
    if value is None or isinstance(value, str):
        return value
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def texts(rows):
    return [[text_of(value) for value in row] for row in rows]


def same(got, wanted):
    """Equal as texts, or the same number: 0.1 and 1e308 are written in several ways."""
    if got == wanted:
        return True
    try:
        return got is not None and wanted is not None and float(got) == float(wanted)
    except ValueError:
        return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("text")
    for name, (content, _, _) in {**CASES, **ENCODED}.items():
        (out / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return out


def dataset(name):
    return name.replace(".", "_")


@pytest.fixture(scope="module")
def server(serve_module, folder):
    paths = [f"{dataset(name)}={folder / name}" for name in CASES]
    return serve_module(*paths, f"latin1_csv={folder}/latin1.csv?encoding=windows-1252", cwd=folder)


def check_rows(got, wanted, where):
    if wanted and not isinstance(wanted[0], list):  # only the last row is told
        assert len(got) == N + 1, where
        assert sorted(texts([got[-1]])[0], key=str) == sorted(texts([wanted])[0], key=str), where
        return
    assert len(got) == len(wanted), where
    for row, right in zip(texts(got), texts(wanted)):
        assert len(row) == len(right) and all(map(same, row, right)), (where, row, right)


@pytest.mark.parametrize("name", [*CASES, *ENCODED])
def test_every_route_gives_the_table(server, name):
    _, columns, wanted = {**CASES, **ENCODED}[name]
    asked = dataset(name)
    page = server.page(asked, format="json")
    assert [column["name"] for column in page["columns"]] == columns
    assert page["total_exact"]
    check_rows(page["rows"], wanted, "rows")
    check_rows(server.sql(f"SELECT * FROM {asked}").json()["rows"], wanted, "SQL")
    check_rows(server.sql(f"SELECT * FROM {asked} WHERE 1 = 1 OFFSET 0").json()["rows"], wanted, "SQL in order")
    ordered = server.page(asked, sort=columns[0], format="json")["rows"]
    assert sorted(texts(ordered), key=str) == sorted(texts(page["rows"]), key=str)
    exported = server.get(f"/api/v1/datasets/{asked}/export", format="csv")
    assert exported.status == 200, exported.body
    cells = list(csv.reader(io.StringIO(exported.body.decode(), newline="")))
    assert cells[0] == columns
    for row, right in zip(cells[1:], texts(page["rows"]), strict=True):
        row = row or [""]  # a blank line is the NULL of a single column
        assert all(same(got, value or "") for got, value in zip(row, right, strict=True)), (row, right)
    packed = server.get(f"/api/v1/datasets/{asked}/export", format="parquet")
    table = pyarrow.parquet.read_table(io.BytesIO(packed.body))
    for row, right in zip(table.to_pylist(), texts(page["rows"]), strict=True):
        assert all(same(text_of(got), value) for got, value in zip(row.values(), right, strict=True)), (row, right)


@pytest.mark.parametrize("name", [*CASES, *ENCODED])
def test_each_value_is_found_by_itself(server, name):
    _, columns, _ = {**CASES, **ENCODED}[name]
    rows = server.page(dataset(name), format="json", offset=max(0, N - 20) if "late" in name else 0)["rows"][:60]
    for at, column in enumerate(columns):
        for value in {json.dumps(row[at]): row[at] for row in rows}.values():
            found = server.page(dataset(name), filter={column: value}, limit=1, format="json")["rows"]
            assert found and found[0][at] == value, (column, value)


def test_pages_anywhere_and_keyset_pages(server):
    for name in ("late_text.csv", "late_key.ndjson"):
        asked = dataset(name)
        for offset in (0, 16_383, 16_384, N - 3, N, N + 1, 10 * N):
            got = server.page(asked, offset=offset, limit=5, format="json")
            assert got["total_rows"] == N + 1 and got["total_exact"]
            assert got["rows"] == server.sql(f"SELECT * FROM {asked} LIMIT 5 OFFSET {offset}").json()["rows"]
            assert len(got["rows"]) == max(0, min(5, N + 1 - offset))
    pages, after, seen = 0, None, []
    while pages == 0 or after:
        page = server.page("late_text_csv", sort="-v,id", limit=7001, after=after, format="json")
        seen += page["rows"]
        after = page["next"]
        pages += 1
    assert pages == 5 and seen == [[N, "abc"], *([i, "7"] for i in range(N))]


def test_refusals_name_the_place(serve, tmp_path):
    (tmp_path / "unclosed.csv").write_text('id,name\n1,"abc\n2,def\n')
    (tmp_path / "e400.json").write_text('[{"a":1e400}]')
    (tmp_path / "deep.json").write_text('[{"a":' + "[" * 200 + "]" * 200 + "}]")
    lines = "id,name\n1,x\n"
    (tmp_path / "wide_le.csv").write_bytes(b"\xff\xfe\0\0" + lines.encode("utf-32-le"))
    (tmp_path / "wide_be.csv").write_bytes(b"\0\0\xfe\xff" + lines.encode("utf-32-be"))
    (tmp_path / "wide_unmarked.csv").write_bytes(lines.encode("utf-32-le"))
    (tmp_path / "wide_json.json").write_bytes('{"a": 1}'.encode("utf-32-be"))
    (tmp_path / "nothing.csv").write_bytes(b"")
    (tmp_path / "mark_alone.csv").write_bytes(b"\xef\xbb\xbf")
    (tmp_path / "line_ends.csv").write_bytes(b"\n\r\n\n")
    (tmp_path / "nul_name.csv").write_bytes(b"a\0b,c\n1,2\n")
    (tmp_path / "nul_key.ndjson").write_text('{"a\\u0000b":1}\n')
    (tmp_path / "nul_inside.json").write_text('[{"o":[{"x\\u0000y":1}]}]')
    server = serve(*(f"{path.stem}={path}" for path in tmp_path.glob("*.*")))
    places = [("unclosed", "line 2"), ("e400", "too large for a double"), ("deep", "nested too deeply"),
              *((name, "UTF-32") for name in ("wide_le", "wide_be", "wide_unmarked", "wide_json")),
              *((name, "The file is empty") for name in ("nothing", "mark_alone", "line_ends")),
              ("nul_name", 'line 1: the name "a\\u0000b"'), ("nul_key", 'The key "a\\u0000b"'),
              ("nul_inside", 'The key "x\\u0000y"')]  # fmt: skip
    for name, words in places:
        answer = server.rows(name)
        assert answer.status == 400 and answer.code == "InvalidData", answer.body
        assert words in answer.json()["detail"] and name in answer.json()["detail"], answer.body


def test_a_bad_file_takes_itself_out(serve, tmp_path):
    for number in range(3):
        (tmp_path / f"d/{number}.ndjson").parent.mkdir(exist_ok=True)
        (tmp_path / f"d/{number}.ndjson").write_text(f'{{"n":{number}}}\n')
    bad = tmp_path / "d/1.ndjson"
    bad.write_text('{"n":1}\n{"n":oops}\n')
    server = serve(f"d={tmp_path}/d")
    page = server.page("d", format="json")
    assert page["rows"] == [[0], [2]]
    assert page["total_exact"] is False and page["left_out"] == [str(bad)]
    entry = server.get("/api/v1/datasets/d").json()
    assert entry["left_out"][0]["path"] == str(bad) and "line 2" in entry["left_out"][0]["reason"]
    answer = server.sql("SELECT sum(n)::BIGINT FROM d")
    assert answer.json()["rows"] == [[2]] and answer.headers["x-left-out"] == str(bad)
    refused = server.rows("d", on_unreadable="fail")
    assert refused.status == 400 and str(bad) in refused.json()["detail"]
    # What is computed says so, too, also the second time, from memory.
    analyses = {"profile": {}, "top": {"column": "n"}, "histogram": {"column": "n"},
                "tile": {"x": "n", "y": "n", "format": "json"}}  # fmt: skip
    for kind, parameters in [*analyses.items(), ("profile", {})]:
        answer = server.get(f"/api/v1/datasets/d/{kind}", **parameters)
        assert answer.status == 200 and answer.headers["x-left-out"] == str(bad), (kind, answer.body)
        assert answer.json()["left_out"] == [str(bad)] and answer.json()["total_exact"] is False, kind
        assert server.get(f"/api/v1/datasets/d/{kind}", on_unreadable="fail", **parameters).status == 400
    assert server.get("/api/v1/datasets/d/tile", x="n", y="n").headers["x-left-out"] == str(bad)
    total = {"measures": [{"function": "sum", "column": "n", "as": "s"}]}
    answer = server.ask("POST", "/api/v1/datasets/d/aggregate", total)
    assert answer.json()["rows"] == [["2"]] and answer.json()["left_out"] == [str(bad)], answer.body
    failing = server.ask("POST", "/api/v1/datasets/d/aggregate", {**total, "on_unreadable": "fail"})
    assert (failing.status, failing.code) == (400, "InvalidData"), failing.body
    wrong = server.ask("POST", "/api/v1/datasets/d/aggregate", {**total, "on_unreadable": "perhaps"})
    assert wrong.status == 400 and "fail or skip" in wrong.json()["detail"]
    assert server.ask("POST", "/api/v1/query", {"sql": "SELECT * FROM d"}, on_unreadable="fail").status == 400
    bad.write_text('{"n":1}\n')
    wait_for(lambda: server.page("d", format="json")["rows"] == [[0], [1], [2]])
    assert server.page("d", format="json", on_unreadable="fail")["total_exact"]


def test_empty_files_add_nothing(serve, tmp_path):
    folder = tmp_path / "z"
    folder.mkdir()
    (folder / "a.csv").write_text("id,n\n1,x\n")
    (folder / "b.csv").write_text("")
    (folder / "c.csv").write_text("id,n\n2,y\n")
    server = serve(f"z={folder}")
    page = server.page("z", format="json")
    assert [column["name"] for column in page["columns"]] == ["id", "n"]
    assert page["rows"] == [[1, "x"], [2, "y"]]


def test_a_field_of_five_megabytes(serve, tmp_path):
    (tmp_path / "x.csv").write_text("id,v\n1," + "x" * 5_000_000 + "\n2,y\n")
    rows = serve(f"x={tmp_path}/x.csv").page("x", format="json")["rows"]
    assert len(rows) == 2 and len(rows[0][1]) == 5_000_000 and rows[1] == [2, "y"]


def test_nanoseconds_stay(serve, tmp_path):
    (tmp_path / "t.csv").write_text("id,t\n1,2024-01-01 10:00:00.123456789\n2,2024-01-01 10:00:00.000000001\n")
    got = serve(f"t={tmp_path}/t.csv").page("t", format="json")["rows"]
    assert [row[1][-9:] for row in got] == ["123456789", "000000001"]


def test_wide_objects_keep_their_digits(serve, tmp_path):
    for keys in (200, 300):
        object_ = {"k000": 1.5, **{f"k{i:03}": HARD_INTEGER for i in range(1, keys)}}
        (tmp_path / f"w{keys}.ndjson").write_text(json.dumps({"o": object_}) + "\n")
    server = serve(tmp_path / "w200.ndjson", tmp_path / "w300.ndjson")
    for keys in (200, 300):
        text = server.get(f"/api/v1/datasets/w{keys}/export", format="ndjson").body.decode()
        assert text.count(str(HARD_INTEGER)) == keys - 1


def test_settings_on_the_command_line_and_in_the_file(serve, tmp_path):
    (tmp_path / "x?y.csv").write_text("a;b\n1;NA\n")
    (tmp_path / "n.csv").write_text("1;NA\n2;3\n")
    (tmp_path / "canvasback.toml").write_text(
        f'[[dataset]]\nname = "told"\npath = "{tmp_path}/n.csv"\ndelimiter = ";"\n'
        'header = false\nnull_values = ["NA"]\n')
    server = serve(f"path={tmp_path}/x?y.csv", f"query={tmp_path}/n.csv?delimiter=%3B&header=false&all_text=true",
                   cwd=tmp_path)
    assert server.page("path", format="json")["rows"] == [[1, "NA"]]
    assert server.page("query", format="json")["rows"] == [["1", "NA"], ["2", "3"]]
    assert server.page("told", format="json")["rows"] == [[1, None], [2, 3]]
    reading = server.get("/api/v1/datasets/told").json()["reading"]
    assert reading["settings"] == {"delimiter": ";", "header": False, "null_values": ["NA"]}
    assert reading["files"][0]["dialect"]["delimiter"] == ";" and reading["files"][0]["rows"] == 2


@pytest.mark.parametrize(("kind", "right", "wrong"), [
    ("FLOAT", {"1.1": 1.1, "16777216": 16777216.0, "1e30": 1e30, "inf": "Infinity", "0.1000000000001": 0.1,
               "16777218": 16777218.0},
     ["1e40", "16777217", "-16777217.00", "340282366920938463463374607431768211456", "1e-60"]),
    ("DOUBLE", {"9007199254740992": 9007199254740992.0, "0009007199254740994.0": 9007199254740994.0, "1E5": 1e5,
                "0.12345678901234567890123": 0.12345678901234568, "-inf": "-Infinity"},
     ["9007199254740993", "+9007199254740993", "9007199254740993.0", "1e400"]),
])  # fmt: skip
def test_a_told_number_is_never_another(serve, tmp_path, kind, right, wrong):
    paths = []
    for number, text in enumerate([*right, *wrong]):
        (tmp_path / f"n{number}.csv").write_text(f"id,a\n1,{text}\n")
        paths.append(f"n{number}={tmp_path}/n{number}.csv?types=a:{kind}")
    server = serve(*paths)
    for number, value in enumerate(right.values()):
        assert server.page(f"n{number}", format="json")["rows"][0][1] == value, list(right)[number]
    for number, text in enumerate(wrong, len(right)):
        answer = server.rows(f"n{number}")
        assert answer.status == 400 and f'line 2 of n{number}.csv has "{text}"' in answer.json()["detail"], answer.body


def test_reasons_are_told(server):
    reading = server.get("/api/v1/datasets/late_text_csv").json()["reading"]
    columns = {column["name"]: column for column in reading["columns"]}
    assert columns["id"]["type"] == "BIGINT" and columns["id"]["reason"] is None
    reason = columns["v"]["reason"]
    assert columns["v"]["type"] == "VARCHAR" and str(N + 2) in reason and "abc" in reason


def test_lines_may_be_arrays(serve, tmp_path):
    (tmp_path / "arrays.ndjson").write_text("[1,2]\n[3,4]\n")
    (tmp_path / "mixed.ndjson").write_text('[1]\n{"a":2}\n')
    server = serve(f"arrays={tmp_path}/arrays.ndjson", f"mixed={tmp_path}/mixed.ndjson")
    for name, columns, rows in (("arrays", ["json"], [[[1, 2]], [[3, 4]]]),
                                ("mixed", ["json", "a"], [[[1], None], [None, 2]])):  # fmt: skip
        for page in (server.page(name, format="json"), server.sql(f"SELECT * FROM {name}").json()):
            assert ([column["name"] for column in page["columns"]], page["rows"]) == (columns, rows)


def test_hive_folders(serve, tmp_path):
    for version, day in (("1.10", "2024-01-02"), ("1.2", "2024-01-03")):
        folder = tmp_path / f"h/ver={version}/day={day}"
        folder.mkdir(parents=True)
        (folder / "x.csv").write_text("v\n5\n")
    page = serve(f"h={tmp_path}/h").page("h", format="json")
    assert [(column["name"], column["type"]) for column in page["columns"]] == [
        ("v", "BIGINT"), ("ver", "VARCHAR"), ("day", "DATE")]  # fmt: skip
    assert page["rows"] == [[5, "1.10", "2024-01-02"], [5, "1.2", "2024-01-03"]]


def test_names_that_differ_in_case(serve, tmp_path):
    (tmp_path / "x.csv").write_text("a,A,file_index\n1,2,7\n3,4,8\n")
    server = serve(tmp_path / "x.csv")
    page = server.page("x", format="json")
    assert page["rows"] == [[1, 2, 7], [3, 4, 8]]
    other = page["columns"][1]["name"]
    assert server.page("x", filter={other: 4}, format="json")["rows"] == [[3, 4, 8]]
    first = server.page("x", sort=f"-{other}", limit=1, format="json")
    assert first["rows"] == [[3, 4, 8]]
    assert server.page("x", sort=f"-{other}", limit=1, after=first["next"], format="json")["rows"] == [[1, 2, 7]]


def test_a_file_that_grows_is_read_on(serve, tmp_path):
    path = tmp_path / "log.ndjson"
    path.write_text('{"n":0}\n' * 1000)
    server = serve(path)
    with open(path, "a") as file:
        for number in range(20):
            file.write(f'{{"n":{number}}}\n')
            file.flush()
            answer = server.rows("log", limit=1, format="json")
            assert answer.status == 200, answer.body
            assert server.value("SELECT count(*) FROM log") >= 1000
    wait_for(lambda: server.page("log", limit=1, format="json")["total_rows"] == 1020)


def test_a_file_that_is_written_anew_is_another(serve, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a\n" + "1\n" * 1000)
    server = serve(path)
    path.write_text("a,b\n" + "x,2\n" * 2000)
    wait_for(lambda: server.page("x", limit=1, format="json")["rows"] == [["x", 2]])
    assert server.page("x", limit=1, format="json")["total_rows"] == 2000


def test_compressed_files(serve, tmp_path):
    text = "".join(f'{{"n":{i},"t":"row {i}"}}\n' for i in range(60_000))
    (tmp_path / "x.ndjson.gz").write_bytes(gzip.compress(text.encode()))
    cells = "n,t\n" + "".join(f"{i},row {i}\n" for i in range(60_000))
    (tmp_path / "y.csv.gz").write_bytes(gzip.compress(cells.encode()))
    server = serve(f"x={tmp_path}/x.ndjson.gz", f"y={tmp_path}/y.csv.gz")
    for name in ("x", "y"):
        wanted = [[i, f"row {i}"] for i in (50_000, 50_001)]
        assert server.page(name, offset=50_000, limit=2, format="json")["rows"] == wanted
        assert server.value(f"SELECT sum(n)::BIGINT FROM {name}") == 59_999 * 30_000


def test_a_large_file_does_not_hold_up_the_others(serve, tmp_path):
    large = tmp_path / "large.csv"
    with open(large, "w") as file:
        file.write("a,b,c\n")
        for _ in range(400):
            file.write("123456,some text of a row,2024-01-01 10:00:00\n" * 5000)
    (tmp_path / "small.csv").write_text("a\n1\n")
    server = serve(f"large={large}", f"small={tmp_path}/small.csv")
    assert server.page("small", format="json")["rows"] == [[1]]
    answer = server.rows("large", limit=1, format="json")
    while answer.status == 503:
        assert answer.code == "Unavailable" and int(answer.headers["retry-after"]) >= 1
        assert "being read" in answer.json()["detail"]
        time.sleep(0.2)
        answer = server.rows("large", limit=1, format="json")
    assert answer.json()["total_rows"] == 2_000_000
    os.unlink(large)
