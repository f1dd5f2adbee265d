"""Writes the seeds of fuzz/corpus that come from elsewhere: parquet and arrow, small files with every type and layout
that the readers know; sql and gate, every eighth statement of tests/corpus and the trees of some. The others are
written by hand. Run with .deps/venv/bin/python after adding a case.
"""

import datetime
import decimal
import json
import pathlib

import duckdb
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"

SCALARS = pa.table(
    {
        "i": pa.array([1, None, -(2**62)], pa.int64()),
        "u": pa.array([1, 255, None], pa.uint8()),
        "f": pa.array([0.5, float("nan"), None], pa.float64()),
        "b": pa.array([True, None, False]),
        "s": pa.array(["", "ä€😀", None]),
        "d": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-99.99")], pa.decimal128(12, 2)),
        "t": pa.array([0, -1, None], pa.timestamp("us", "UTC")),
        "day": pa.array([datetime.date(1969, 12, 31), None, datetime.date(9999, 1, 1)]),
    }
)
NESTED = pa.table(
    {
        "l": pa.array([[1, None], [], None], pa.list_(pa.int32())),
        "st": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": ""}]),
    }
)
DICTIONARY = pa.table({"c": pa.array(["a", "b", "a"]).dictionary_encode(), "n": pa.array([1, 2, 3], pa.int16())})


def parquet(name: str, table: pa.Table, **options) -> None:
    pq.write_table(table, CORPUS / "parquet" / name, store_schema=options.pop("store_schema", False), **options)


SERIALIZE = (
    "SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true, skip_default := true)::VARCHAR"
)
TREE_BYTES_MAX = 2000


def statements() -> None:
    for name in ("allowed", "forbidden"):
        corpus = json.loads((CORPUS.parent.parent / "tests" / "corpus" / f"{name}.json").read_text())
        for statement in corpus[::8]:
            sql = statement["sql"].replace("{dataset}", "flights")
            (CORPUS / "sql" / f"{name}_{statement['name']}.sql").write_text(sql)
            tree = duckdb.execute(SERIALIZE, [sql]).fetchone()[0]
            if len(tree) <= TREE_BYTES_MAX and '"error":false' in tree:
                (CORPUS / "gate" / f"{name}_{statement['name']}.json").write_text(tree)


def main() -> None:
    for folder in ("parquet", "arrow", "sql", "gate"):
        (CORPUS / folder).mkdir(parents=True, exist_ok=True)
    parquet("scalars.parquet", SCALARS, compression="none", row_group_size=2)
    parquet("plain.parquet", SCALARS.select(["i", "s"]), compression="zstd", use_dictionary=False)
    parquet("nested.parquet", NESTED, compression="snappy", data_page_version="2.0")
    parquet("empty.parquet", SCALARS.select(["i", "s"]).slice(0, 0), compression="none")
    parquet("delta.parquet", SCALARS.select(["i", "s"]), compression="none", use_dictionary=False,
            column_encoding={"i": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY"})
    scalars = SCALARS.select(["i", "s", "d", "t"])
    for name, table in (("scalars", scalars), ("nested", NESTED), ("dictionary", DICTIONARY)):
        with pa.ipc.new_stream(CORPUS / "arrow" / f"{name}.arrows", table.schema) as writer:
            writer.write_table(table)
    with pa.ipc.new_file(CORPUS / "arrow" / "scalars.arrow", SCALARS.select(["i", "f", "s"]).schema) as writer:
        writer.write_table(SCALARS.select(["i", "f", "s"]))
    pyarrow.feather.write_feather(DICTIONARY, CORPUS / "arrow" / "lz4.feather", compression="lz4")
    statements()


if __name__ == "__main__":
    main()
