"""Writes the files of decode.test.ts beside itself: as publishers write them (zstd, pages v1, dictionaries for texts),
with what readers get wrong. Run with pyarrow and duckdb: .deps/venv/bin/python web/packages/parquet/samples/make.py"""

import pathlib

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).resolve().parent
ROWS = 300


def column(index: int) -> dict[str, object]:
    """Row by row, as decode.test.ts expects it."""
    return {
        "t": 20_000 + index // 10,
        "d0": None if index % 7 == 0 else ["DE", "FR", "Ünïcödé 💶", ""][index % 4],
        "l0": (2**53 + 1) * (-1 if index % 2 else 1) + index,
        "l1": None if index % 5 == 0 else index - 150,
        "l2": None if index % 11 == 0 else index / 8,
    }


def main() -> None:
    rows = [column(index) for index in range(ROWS)]
    schema = pa.schema([
        ("t", pa.int32()),
        ("d0", pa.string()),
        ("l0", pa.int64()),
        ("l1", pa.int64()),
        ("l2", pa.float64()),
    ])  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=schema)
    common = {"compression": "zstd", "data_page_version": "1.0", "row_group_size": 128}
    pq.write_table(table, HERE / "arrow.parquet", use_dictionary=["d0"], **common)
    # Without dictionaries, in small pages.
    pq.write_table(table, HERE / "plain.parquet", use_dictionary=False, data_page_size=256, **common)
    pq.write_table(table, HERE / "snappy.parquet", compression="snappy")
    # Another writer, which has dictionaries of numbers, too. Its row groups are of at least 2,048 rows.
    duckdb.register("sample", table)
    duckdb.sql(f"COPY sample TO '{HERE / 'duckdb.parquet'}' (FORMAT parquet, COMPRESSION zstd)")


if __name__ == "__main__":
    main()
