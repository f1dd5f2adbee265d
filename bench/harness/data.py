"""Orders for a run without the peer's generator: the same twelve columns, made from the row number."""

import pathlib

import duckdb

ROW_GROUP_ROWS = 122_880
SPAN_MICROSECONDS = 3 * 365 * 86_400 * 1_000_000
NOTES = ["leave at the door", 'call "Ana" <before> & after', "größere Menge möglich", "second, revised address"]


def make_orders(path: pathlib.Path, rows: int) -> None:
    """Writes the file unless it is there."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    step = max(1, SPAN_MICROSECONDS // rows)
    notes = ", ".join("'" + note + "'" for note in NOTES)
    part = path.with_suffix(".part")
    with duckdb.connect() as connection:
        connection.execute(f"""COPY (
            WITH numbered AS (SELECT i, hash(i) AS a, hash(i, 1) AS b, hash(i, 2) AS c, hash(i, 3) AS d,
                TIMESTAMP '2021-01-01' + to_microseconds(i * {step}) AS ts,
                (1 + hash(i, 4) % 9)::INTEGER AS quantity,
                ((99 + hash(i, 5) % 250000) / 100)::DECIMAL(12,2) AS price FROM range({rows}) t(i))
            SELECT i::BIGINT AS id, ts, 'seller_' || lpad((a % 48000)::VARCHAR, 5, '0') AS seller,
                (1000000 + b % 2000000)::BIGINT AS offer_id, 'category ' || c % 30 AS category,
                'country ' || d % 60 AS country, quantity, price,
                price::DOUBLE * quantity * (1 - (a % 31) / 100.0) AS amount,
                CASE WHEN b % 10 < 3 THEN NULL ELSE ([{notes}])[(1 + (b >> 8) % {len(NOTES)})::BIGINT] END AS note,
                c % 4 = 0 AS flag, ts + to_microseconds((d % 2592000)::BIGINT * 1000000) AS updated_at
            FROM numbered) TO '{part}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS})""")
    part.rename(path)
