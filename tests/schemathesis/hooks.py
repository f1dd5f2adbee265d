"""How Schemathesis sends what it has no way of its own for: NDJSON is text."""

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def send_ndjson(_context, value):
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")
