"""A table into a Parquet file by connectorx and pyarrow, for pull_speed.py to compare with: run by a Python that has
them (`pip install connectorx pyarrow`), with the address of the database, the table and the file to write.
"""

import json
import resource
import sys
import time

import connectorx
import pyarrow.parquet


def main() -> None:
    url, table, path = sys.argv[1:4]
    began = time.monotonic()
    found = connectorx.read_sql(url, f"SELECT * FROM {table}", return_type="arrow")
    read = time.monotonic()
    pyarrow.parquet.write_table(found, path, compression="zstd")
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"rows": found.num_rows, "seconds": time.monotonic() - began, "read_seconds": read - began,
                      "cpu_seconds": used.ru_utime + used.ru_stime, "resident_mb": used.ru_maxrss / 1e3}))  # fmt: skip


if __name__ == "__main__":
    main()
