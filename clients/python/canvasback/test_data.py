"""Sample records of five domains, made here without a server: `Client.generate` makes the same kinds there, faster."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable, Iterator
from typing import Any

FIRST_NAMES = ("Ann", "Bob", "Chen", "Dana", "Émile", "Fatima", "Goran", "Hana", "Ivan", "Kofi", "Olga", "Renée")
LAST_NAMES = ("Smith", "Müller", "García", "Kowalski", "Nguyen", "Okafor", "Rossi", "Sato", "Novák", "Yılmaz")
COUNTRIES = ("US", "DE", "BR", "IN", "FR", "JP", "GB", "NG", "PL", "CZ", "ES", "TR")
CATEGORIES = ("groceries", "travel", "books", "electronics", "health", "home", "toys", "sports")
SERVICES = ("api", "auth", "billing", "search", "worker", "mailer")
FIRST = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)

Record = dict[str, Any]


class TestDataGenerator:
    """`generate_batch("user", count=10000)`: records as dicts, the same ones for the same seed."""

    __test__ = False  # not for pytest, whatever its name

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def generate_batch(self, data_type: str, count: int = 1000) -> list[Record]:
        return list(self.generate(data_type, count))

    def generate(self, data_type: str, count: int) -> Iterator[Record]:
        """One record after the other. Raises ValueError for a type other than `TYPES`."""
        make = MAKERS.get(data_type.rstrip("s"))
        if make is None:
            raise ValueError(f"data_type must be one of {', '.join(MAKERS)}, not {data_type!r}")
        chance = random.Random(f"{self.seed}:{data_type.rstrip('s')}")
        for number in range(count):
            yield make(chance, number)


def _time(chance: random.Random, number: int) -> str:
    return (FIRST + datetime.timedelta(seconds=number * 3, milliseconds=chance.randrange(3000))).isoformat(
        timespec="milliseconds").replace("+00:00", "Z")  # fmt: skip


def _user(chance: random.Random, number: int) -> Record:
    return {"id": f"user_{number}", "name": f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}",
            "email": f"user{number}@example.com", "country": chance.choice(COUNTRIES), "age": chance.randrange(18, 78),
            "balance": round(chance.lognormvariate(4, 1), 2), "active": chance.random() < 0.8,
            "created_at": _time(chance, number)}  # fmt: skip


def _transaction(chance: random.Random, number: int) -> Record:
    return {"id": f"txn_{number}", "user_id": f"user_{chance.randrange(100_000)}",
            "amount": round(chance.lognormvariate(3, 1), 2), "currency": chance.choice(("USD", "EUR", "GBP", "JPY")),
            "category": chance.choice(CATEGORIES), "status": chance.choice(("completed", "pending", "failed")),
            "quantity": chance.randrange(1, 6), "timestamp": _time(chance, number)}  # fmt: skip


def _event(chance: random.Random, number: int) -> Record:
    level = chance.choice(("debug", "info", "info", "info", "warning", "error"))
    record = {"id": f"evt_{number}", "timestamp": _time(chance, number), "level": level,
              "service": chance.choice(SERVICES), "message": chance.choice(("request finished", "cache miss")),
              "duration_ms": round(chance.lognormvariate(2, 1), 3),
              "metadata": {"host": f"host-{chance.randrange(40):02}", "retries": chance.randrange(3)}}  # fmt: skip
    return {**record, "error_code": 500 + chance.randrange(5)} if level == "error" else record


def _product(chance: random.Random, number: int) -> Record:
    return {"id": f"prod_{number}", "name": f"Item {number}", "category": chance.choice(CATEGORIES),
            "price": round(chance.lognormvariate(3.5, 1), 2), "rating": round(min(5.0, chance.uniform(2, 5.5)), 1),
            "in_stock": chance.random() < 0.9, "inventory": {"count": chance.randrange(1000)},
            "created_at": _time(chance, number)}  # fmt: skip


def _sensor(chance: random.Random, number: int) -> Record:
    return {"id": f"reading_{number}", "sensor_id": f"sensor_{chance.randrange(500)}",
            "kind": chance.choice(("temperature", "humidity", "pressure")), "value": round(chance.gauss(20, 8), 3),
            "location": {"lat": round(chance.uniform(-90, 90), 5), "lon": round(chance.uniform(-180, 180), 5)},
            "timestamp": _time(chance, number)}  # fmt: skip


MAKERS: dict[str, Callable[[random.Random, int], Record]] = {
    "user": _user, "transaction": _transaction, "event": _event, "product": _product, "sensor": _sensor}  # fmt: skip
TYPES = tuple(MAKERS)
