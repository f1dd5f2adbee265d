"""What is measured and what each figure has to reach: the floors of the acceptance, as data.

A Target compares one figure of one operation with the peer's, or with a limit of our own measured beside it.
"""

import dataclasses

# The runner's operations in the groups that it is asked for: one group of our server, the same of the peer, the next.
GROUPS = {
    "pages": ["page_json_first", "page_json_deep", "page_arrow_first", "page_arrow_deep"],
    "stream": ["stream_arrow"],
    "sql": ["sql_stream"],
    "groups": ["sql_group_small", "sql_group_seller", "sql_group_offer"],
    "csv": ["export_csv"],
    "parquet": ["export_parquet", "export_parquet_full"],
    "profile": ["profile"],
    "ingest": ["ingest_ndjson", "bulk"],
    "xlsx": ["export_xlsx"],
    "mixed": ["concurrent"],
}

# Which of an adapter's requests an operation asks with.
REQUESTS = {
    "page_json_first": "page_json", "page_json_deep": "page_json", "page_arrow_first": "page_arrow",
    "page_arrow_deep": "page_arrow", "sql_stream": "sql", "sql_group_small": "sql", "sql_group_seller": "sql",
    "sql_group_offer": "sql",
}  # fmt: skip

STATEMENTS = {
    "sql_group_small": "SELECT category, country, count(*) AS n, sum(amount) AS total, avg(price) AS mean FROM {table} "
    "GROUP BY category, country ORDER BY total DESC",
    "sql_group_seller": "SELECT seller, count(*) AS n, sum(amount) AS total FROM {table} GROUP BY seller "
    "ORDER BY total DESC LIMIT 100",
    "sql_group_offer": "SELECT offer_id, count(*) AS n, sum(quantity) AS q FROM {table} GROUP BY offer_id "
    "ORDER BY n DESC, offer_id LIMIT 100",
    "sql_stream": "SELECT * FROM {table} LIMIT {limit}",
}

XLSX_COLUMNS = "id,ts,seller,offer_id,category,country,quantity,price,amount,note"


@dataclasses.dataclass(frozen=True)
class Target:
    """value must be at least `floor`. figure: seconds, requests_per_s, p99_ms, anonymous_mib; against: peer or a limit.

    The ratio is always "how much better than what it stands against": their seconds, milliseconds or MiB by ours, our
    requests a second by theirs. `slack` seconds are granted to ours first.
    """

    operation: str
    figure: str
    against: str
    floor: float
    slack: float = 0.0


TARGETS = [
    Target("page_json_first", "seconds", "peer", 2.0),
    Target("page_json_deep", "seconds", "peer", 2.0),
    Target("page_arrow_first", "seconds", "peer", 1.5),
    Target("page_arrow_deep", "seconds", "peer", 2.0),
    Target("page_neighbour", "seconds", "page_first", 0.95),
    Target("stream_arrow", "seconds", "peer", 1.4),
    Target("stream_arrow", "seconds", "limit_stream_arrow", 0.85),
    Target("sql_stream", "seconds", "peer", 1.1),
    Target("sql_group_small", "seconds", "bare_duckdb", 1.0, slack=0.003),
    Target("sql_group_seller", "seconds", "bare_duckdb", 1.0, slack=0.003),
    Target("sql_group_offer", "seconds", "bare_duckdb", 1.0, slack=0.003),
    Target("export_csv", "seconds", "peer", 1.8),
    Target("export_xlsx", "seconds", "peer", 31.0),
    Target("export_parquet_full", "seconds", "peer", 1.0),
    Target("profile_cold", "seconds", "peer", 1.8),
    Target("ingest_ndjson", "seconds", "peer", 2.5),
    Target("ingest_ndjson", "seconds", "bare_duckdb", 0.6),
    Target("bulk", "seconds", "peer", 3.0),
    Target("records_64", "requests_per_s", "peer", 3.0),
    Target("records_64", "p99_ms", "peer", 3.0),
    Target("pages_16", "requests_per_s", "peer", 3.0),
    Target("pages_16", "p99_ms", "peer", 2.0),
    Target("sql_16", "requests_per_s", "peer", 1.2),
    Target("sql_16", "p99_ms", "peer", 2.0),
]

# Memory: half of the peer's where that passes MEMORY_LARGE_MIB, else no more than the peer's.
MEMORY_LARGE_MIB = 500


def memory_target(operation: str, peer_mib: float) -> Target:
    return Target(operation, "anonymous_mib", "peer", 2.0 if peer_mib > MEMORY_LARGE_MIB else 1.0)
