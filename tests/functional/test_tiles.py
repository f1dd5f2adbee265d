"""Density tiles: the counts behind a picture against DuckDB's own, tiles that fit together, and the pictures."""

import struct
import zlib

import pytest

TILE = "/api/v1/datasets/flights/tile"


def cells(server, **parameters):
    answer = server.get(TILE, x="distance", y="delay", format="json", **parameters)
    assert answer.status == 200, answer.body[:1000]
    document = answer.json()
    assert [column["name"] for column in document["columns"]] == ["column", "row", "count", "value"]
    return document


def picture(data):
    """Width, height and the palette's indices of a PNG of one byte a pixel."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, pixels, head = 8, b"", None
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0]
        head = struct.unpack(">IIBBBBB", body) if kind == b"IHDR" else head
        pixels += body if kind == b"IDAT" else b""
        at += 12 + size
    width, height, depth, colour = head[:4]
    assert (depth, colour) == (8, 3)
    raw = zlib.decompress(pixels)
    rows = [raw[i * (width + 1) : (i + 1) * (width + 1)] for i in range(height)]
    assert all(row[0] == 0 for row in rows), "no filter"
    return width, height, [row[1:] for row in rows]


def test_cells_are_counted_as_by_the_oracle(flights, oracle):
    document = cells(flights, size=64)
    ends = "min(distance), max(distance), min(delay), max(delay)"
    low, high, bottom, top = oracle.sql(f"SELECT {ends} FROM flights").fetchone()
    assert document["bounds"] == {"x_min": low, "x_max": high, "y_min": bottom, "y_max": top}
    wanted = oracle.sql(f"""SELECT least(floor((distance - {low}) / ({high} - {low})::DOUBLE * 64), 63)::INT AS c,
        least(floor(({top} - delay) / ({top} - {bottom})::DOUBLE * 64), 63)::INT AS r, count(*) FROM flights
        GROUP BY 1, 2 ORDER BY 2, 1""").fetchall()  # fmt: skip
    assert [tuple(row[:3]) for row in document["rows"]] == wanted
    assert all(row[2] == row[3] for row in document["rows"])
    assert sum(row[2] for row in document["rows"]) == 3_000_000


@pytest.mark.parametrize("zoom", [1, 2])
def test_tiles_of_a_level_are_the_whole_cut_in_pieces(flights, zoom):
    whole = {(row[0], row[1]): row[2] for row in cells(flights, size=32 << zoom)["rows"]}
    put_together = {}
    for tx in range(1 << zoom):
        for ty in range(1 << zoom):
            for column, row, count, _ in cells(flights, size=32, z=zoom, tx=tx, ty=ty)["rows"]:
                assert 0 <= column < 32 and 0 <= row < 32
                put_together[column + 32 * tx, row + 32 * ty] = count
    assert put_together == whole


def test_measures_and_filters(flights, oracle):
    where = "origin = 'SFO' AND distance BETWEEN 0 AND 3000 AND delay BETWEEN 0 AND 600"
    for measure, sql in (("sum", "sum(distance)"), ("mean", "avg(distance)")):
        rows = cells(flights, size=16, value="distance", measure=measure, filter={"origin": "SFO"},
                     x_min=0, x_max=3000, y_min=0, y_max=600)["rows"]  # fmt: skip
        wanted = oracle.sql(f"""SELECT least(floor(distance / 3000.0::DOUBLE * 16), 15)::INT AS c,
            least(floor((600 - delay) / 600.0::DOUBLE * 16), 15)::INT AS r, count(*), {sql} FROM flights WHERE {where}
            GROUP BY 1, 2 ORDER BY 2, 1""").fetchall()  # fmt: skip
        assert [tuple(row[:3]) for row in rows] == [row[:3] for row in wanted]
        assert [row[3] for row in rows] == pytest.approx([row[3] for row in wanted])


def test_dates_are_an_axis(flights, oracle):
    answer = flights.get(TILE, x="date", y="delay", format="json", size="16")
    assert answer.status == 200, answer.body[:500]
    low = oracle.sql("SELECT epoch_us(min(date)) FROM flights").fetchone()[0]
    assert answer.json()["bounds"]["x_min"] == low


def test_a_picture_shows_the_cells(flights):
    for scale in ("linear", "log", "eq_hist"):
        answer = flights.get(TILE, x="distance", y="delay", size="64", scale=scale)
        assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
        width, height, pixels = picture(answer.body)
        assert (width, height) == (64, 64)
        counts = {(row[0], row[1]): row[2] for row in cells(flights, size=64)["rows"]}
        for row in range(64):
            for column in range(64):
                assert (pixels[row][column] > 0) == ((column, row) in counts)
        by_count = sorted((count, pixels[row][column]) for (column, row), count in counts.items())
        colours = [colour for _, colour in by_count]
        assert colours == sorted(colours) and colours[-1] == 255


def test_a_picture_is_kept_and_recognised(flights):
    parameters = {"x": "delay", "y": "distance", "size": "32"}
    first = flights.get(TILE, **parameters)
    again = flights.get(TILE, **parameters)
    assert first.body == again.body and first.headers["etag"] == again.headers["etag"]
    unchanged = flights.get(TILE, {"If-None-Match": first.headers["etag"]}, **parameters)
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert flights.get(TILE, {"Accept": "image/avif,image/webp,*/*;q=0.8"}, **parameters).body == first.body
    assert flights.get(TILE, {"Accept": "text/csv"}, **parameters).body.startswith(b"column,row,count,value\n")


@pytest.mark.parametrize("parameters", [
    {}, {"x": "distance"}, {"x": "nothing", "y": "delay"}, {"x": "origin", "y": "delay"}, {"x": "distance", "y": ""},
    {"z": "31"}, {"z": "1", "tx": "2"}, {"z": "0", "ty": "1"}, {"tx": "-1"}, {"size": "15"}, {"size": "1025"},
    {"scale": "cubic"}, {"measure": "median"}, {"measure": "sum"}, {"measure": "sum", "value": "origin"},
    {"value": "delay"}, {"x_min": "nan"}, {"x_min": "1e999"}, {"x_min": "5", "x_max": "5"},
    {"y_min": "9", "y_max": "-9"},
    {"y_min": "-1e308", "y_max": "1.7e308"}, {"format": "gif"}, {"z": "2.5"}, {"filter": "{"}, {"x_min": "99999999"},
])  # fmt: skip
def test_wrong_parameters_are_told(flights, parameters):
    if parameters and "x" not in parameters:
        parameters = {"x": "distance", "y": "delay", **parameters}
    answer = flights.get(TILE, **parameters)
    assert (answer.status, answer.code) == (400, "InvalidData"), answer.body[:300]


def test_nothing_to_draw_is_an_empty_picture(flights):
    answer = flights.get(TILE, x="distance", y="delay", size="16", filter={"origin": "no such"})
    assert answer.status == 200
    assert not any(any(row) for row in picture(answer.body)[2])
    assert cells(flights, size=16, filter={"origin": "no such"})["rows"] == []
    one = cells(flights, size=16, filter={"distance": 100, "delay": 5})
    assert len(one["rows"]) <= 1
