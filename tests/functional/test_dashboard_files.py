"""Files of dashboards: saved, changed and removed under conditions, and never over what cannot be read."""

import os

import pytest
import yaml
from publishing import generate
from test_dashboards import API, TABLES

SMALL = """title: Mine
metrics: {source: orders, measures: [{name: n, agg: count}]}
tiles: [{type: card, measure: n}]
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    generate(folder, 100)
    return {name: folder / f"{name}.parquet" for name in TABLES}


def test_files_are_saved_with_conditions(serve, shop):
    server = serve(f"orders={shop['orders']}")
    text = ("title: Mine\nmetrics:\n  source: orders\n  measures:\n    - {name: n, agg: count}\n"
            "tiles:\n  - {type: card, measure: n}\n")  # fmt: skip

    def put(text, name="mine", **headers):
        return server.ask("PUT", f"{API}/{name}", {"yaml": text}, headers)

    saved = put(text, **{"If-None-Match": "*"})
    assert saved.status == 201 and saved.json()["document"]["title"] == "Mine"
    assert put(text, **{"If-None-Match": "*"}).status == 412
    assert (server.folder / "data/dashboards/mine.yaml").read_text() == text
    tag = server.get(f"{API}/mine").headers["etag"]
    changed = put(text.replace("Mine", "Yours"), **{"If-Match": tag})
    assert changed.status == 200 and changed.headers["etag"] != tag
    assert put(text, **{"If-Match": tag}).status == 412
    refused = put(text.replace("agg: count", "agg: cuont"))
    assert refused.status == 400 and refused.json()["problems"][0]["nearest"] == "count"
    assert put(text.replace("source: orders", "source: ordrs")).status == 200, "a dataset may come later"
    assert [entry["title"] for entry in server.get(API).json()["dashboards"] if entry["name"] == "mine"] == ["Mine"]
    for name in ("check", "query", "..", "a%2Fb", "1x"):
        assert put(text, name=name).status in (400, 404, 405), name
    copy = server.ask("PUT", f"{API}/copy", {"document": yaml.safe_load(text)})
    assert copy.status == 201 and yaml.safe_load(copy.json()["yaml"]) == yaml.safe_load(text)
    assert server.ask("DELETE", f"{API}/mine", None, {"If-Match": tag}).status == 412
    assert server.ask("DELETE", f"{API}/mine").status == 204
    assert server.get(f"{API}/mine").code == server.ask("DELETE", f"{API}/mine").code == "DashboardNotFound"
    assert put(text, name="marketplace_overview").status == 201
    assert server.get(f"{API}/marketplace_overview").json()["origin"] == "file"
    assert server.ask("DELETE", f"{API}/marketplace_overview").status == 204
    assert server.get(f"{API}/marketplace_overview").json()["origin"] == "program"


def test_a_file_that_cannot_be_read_is_not_overwritten(serve, shop, tmp_path):
    server = serve(f"orders={shop['orders']}")
    folder = server.folder / "data/dashboards"
    folder.mkdir(parents=True)
    large = "# " + "x" * 300_000
    (folder / "large.yaml").write_text(large)
    (folder / "dangling.yaml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "fifo.yaml")
    for name in ("large", "dangling", "fifo"):
        for headers in ({}, {"If-None-Match": "*"}):
            assert server.ask("PUT", f"{API}/{name}", {"yaml": SMALL}, headers).status in (400, 412, 503), name
    assert (folder / "large.yaml").read_text() == large
    assert (folder / "dangling.yaml").is_symlink() and (folder / "fifo.yaml").is_fifo()
    (tmp_path / "elsewhere.yaml").write_text(SMALL)
    (folder / "linked.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    assert server.ask("PUT", f"{API}/linked", {"yaml": SMALL.replace("Mine", "Yours")}).status == 200
    assert (folder / "linked.yaml").is_symlink() and "Yours" in (tmp_path / "elsewhere.yaml").read_text()


def test_conditions_are_of_tags(serve, shop):
    server = serve(f"orders={shop['orders']}")

    def put(**headers):
        return server.ask("PUT", f"{API}/mine", {"yaml": SMALL}, headers).status

    assert put(**{"If-Match": "*"}) == 412, "there is none yet"
    assert put() == 201
    tag = server.get(f"{API}/mine").headers["etag"]
    assert put(**{"If-None-Match": tag}) == 412 and put(**{"If-None-Match": f'"x", W/{tag}'}) == 412
    assert server.ask("DELETE", f"{API}/mine", None, {"If-None-Match": tag}).status == 412
    assert put(**{"If-Match": '"*"'}) == 412 and put(**{"If-Match": tag.strip('"')}) == 412
    assert put(**{"If-Match": f"W/{tag}"}) == 412, "not a strong one"
    assert put(**{"If-Match": "*"}) == put(**{"If-Match": f'"x", {tag}'}) == put(**{"If-None-Match": '"x"'}) == 200
