"""The web app's pages and files as the server gives them, whether or not the program was built with the app."""

import re

import pytest

PAGES = ["/datasets/flights", "/sql", "/collections/c", "/jobs", "/system", "/dashboards/d"]


def policy(answer):
    """The directives of its Content-Security-Policy by name."""
    parts = [part.split() for part in answer.headers["content-security-policy"].split(";")]
    return {name: values for name, *values in parts}


@pytest.mark.parametrize("path", PAGES)
def test_pages_run_nothing_but_their_own_files(flights, path):
    answer = flights.get(path)
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    rules = policy(answer)
    assert rules["default-src"] == ["'none'"] and rules["script-src"] == ["'self'"]
    assert rules["connect-src"] == ["'self'"] and rules["frame-ancestors"] == ["'none'"]
    text = answer.body.decode()
    assert "@NONCE@" not in text and not re.search(r"<script(?![^>]*\bsrc=)", text)
    nonce = re.search(r"'nonce-([0-9a-f]{32})'", answer.headers["content-security-policy"]).group(1)
    assert flights.get(path).headers["content-security-policy"].find(nonce) < 0, "a nonce is used once"


def test_what_a_page_refers_to_is_there_and_stays(flights):
    for name in re.findall(r'(?:src|href)="(/assets/[^"]+)"', flights.get("/sql").body.decode()):
        answer = flights.get(name)
        assert answer.status == 200 and "immutable" in answer.headers["cache-control"]
        unchanged = flights.get(name, {"If-None-Match": answer.headers["etag"]})
        assert (unchanged.status, unchanged.body) == (304, b"")


def test_the_icon_and_files_that_are_not_there(flights):
    icon = flights.get("/favicon.svg")
    assert (icon.status, icon.headers["content-type"]) == (200, "image/svg+xml")
    assert flights.get("/favicon.svg", {"If-None-Match": icon.headers["etag"]}).status == 304
    for path in ("/assets/none.js", "/assets/..%2Findex.html", "/index.html", "/assets/"):
        assert (flights.get(path).status, flights.get(path).code) == (404, "NotFound")
