"""A dataset of several files and many row groups for the tests of selections, and DuckDB's view of the same files.

The hard table in three Parquet files of unequal length and small row groups (`many`), in one file (`one`), and its
plain columns as CSV (`sheet`) and NDJSON (`lines`), which have no places for a cursor. Rows are in the order of `id`.
"""

import hard_table
import pyarrow.parquet
from serving import Server

ROWS = 150
CUTS = (0, 61, 62, ROWS)
LEFT_OUT = {"huge", "uhuge", "span", "pair", "deep", "numbers"}
NESTED = {"list", "texts", "struct", "map", "records"}
SCALARS = [name for name in hard_table.COLUMNS if name not in LEFT_OUT | NESTED] + ["tie", "huge"]
SHEET = "id, tie, big, money, real, day, moment, mood"


class Many:
    """The files, a server of them, and DuckDB beside it."""

    def __init__(self, folder, connection):
        names = [name for name in hard_table.COLUMNS if name not in LEFT_OUT]
        connection.execute(f"""CREATE OR REPLACE TABLE many AS SELECT
            CASE WHEN id % 5 > 0 THEN id % 3 END AS tie,
            CASE WHEN id % 4 = 0 THEN 99999999999999999999999999999999999999 WHEN id % 4 = 1 THEN NULL
                 WHEN id % 4 = 2 THEN -99999999999999999999999999999999999999 ELSE 9007199254740993 END::DECIMAL(38,0)
            AS huge, * EXCLUDE (mood, bits), mood::VARCHAR AS mood, bits::VARCHAR AS bits
            FROM ({hard_table.select(ROWS, names)}) ORDER BY id""")
        table = connection.sql("FROM many ORDER BY id").to_arrow_table()
        (folder / "many").mkdir()
        for number, (start, end) in enumerate(zip(CUTS, CUTS[1:])):
            part = table.slice(start, end - start)
            pyarrow.parquet.write_table(part, folder / f"many/part-{number}.parquet", row_group_size=9)
        pyarrow.parquet.write_table(table, folder / "one.parquet", row_group_size=40)
        connection.execute(f"COPY (SELECT {SHEET} FROM many ORDER BY id) TO '{folder / 'sheet.csv'}'")
        # JSON has no NaN and no infinity.
        finite = "* REPLACE (CASE WHEN isfinite(real) THEN real END AS real)"
        connection.execute(f"COPY (SELECT {SHEET} FROM (SELECT {finite} FROM many) ORDER BY id) "
                           f"TO '{folder / 'lines.ndjson'}' (FORMAT json)")  # fmt: skip
        self.connection = connection
        self.server = Server(folder / "server", [folder / name for name in
                                                 ("many", "one.parquet", "sheet.csv", "lines.ndjson")])  # fmt: skip

    def ids(self, where="true", order="id"):
        """The ids that DuckDB gives, in order."""
        return [row[0] for row in self.connection.execute(
            f"SELECT id FROM many WHERE {where} ORDER BY {order}").fetchall()]  # fmt: skip

    def got(self, dataset="many", **parameters):
        """The ids of one page of the server."""
        page = self.server.page(dataset, columns="id", **parameters)
        return [row[0] for row in page["rows"]]

    def walk(self, dataset="many", limit=7, **parameters):
        """The ids of all pages by following `next`, and the pages."""
        ids, pages, after = [], [], None
        while after is not None or not pages:
            page = self.server.page(dataset, columns="id", limit=limit, after=after, **parameters)
            ids += [row[0] for row in page["rows"]]
            pages.append(page)
            after = page["next"]
            assert len(pages) <= ROWS + 2, "the walk does not end"
        return ids, pages
