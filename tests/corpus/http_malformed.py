"""Malformed HTTP and WebSocket, as bytes: what no server may take for a request, or for two.

FORMS are (name, bytes) of HTTP. Each would, where a parser is lenient somewhere, be answered 2xx, or the request SMUGGLED
behind it be taken for one of its own: that one keeps a record in the collection `smuggled`. FRAMES are (name, bytes)
of WebSocket behind a good handshake, HANDSHAKES (name, bytes) of bad ones. All are made by rules, in a fixed order.
"""

HOST = b"Host: localhost\r\n"
RECORD = b'{"id":"smuggled"}\n'
SMUGGLED = b"POST /ingest?collection=smuggled HTTP/1.1\r\n" + HOST + b"Content-Length: 18\r\n\r\n" + RECORD
LINES = [b"POST /ingest?collection=smuggled HTTP/1.1\r\n", b"POST /api/v1/query HTTP/1.1\r\n", b"GET /health HTTP/1.1\r\n"]


def request(line, fields=b"", host=HOST):
    return line + host + fields + b"\r\n"


def transfer_encodings():
    """Transfer-Encoding that is not exactly `chunked`."""
    values = [
        b"xchunked", b"chunkedx", b"chunke", b"gzip", b"identity", b"deflate", b"compress", b"trailers", b"*", b"", b" ",
        b'"chunked"', b"'chunked'", b"chunked, chunked", b"chunked,chunked", b"chunked, identity", b"identity, chunked",
        b"gzip, chunked", b"chunked, gzip", b"chunked,", b",chunked", b", chunked", b"chunked;q=1", b"chunked; a",
        b"chunked chunked", b"chunked=1", b"chunked\x0b", b"\x0bchunked", b"\x0cchunked", b"chunked\x00", b"\x00chunked",
        b"chun\x00ked", b"\xffchunked", b"chunked\xa0", b"\xe2\x80\x8bchunked", b"chun\tked", b"chunked\r", b"chunked\x7f",
        b"ch\xc5\xabnked", b"chunked\r\n , identity", b"(x)chunked", b"chunked/1", b"1", b"0",
    ]  # fmt: skip
    body = b"5\r\nhello\r\n0\r\n\r\n"
    for value in values:
        for line in LINES:
            yield b"te %r %s" % (value, line.split()[1]), request(line, b"Transfer-Encoding: " + value + b"\r\n") + body
        both = b"Content-Length: 5\r\nTransfer-Encoding: " + value + b"\r\n"
        yield b"te %r behind a length" % value, request(LINES[0], both) + b"hello"
    fields = [
        b"Transfer-Encoding : chunked\r\n", b"Transfer-Encoding\t: chunked\r\n", b" Transfer-Encoding: chunked\r\n",
        b"\tTransfer-Encoding: chunked\r\n", b"Transfer-Encoding\r\n: chunked\r\n", b"Transfer-Encoding:\r\n chunked\r\n",
        b"Transfer-Encoding:\r\n\tchunked\r\n", b"X: y\nTransfer-Encoding: chunked\r\n", b"X: y\rTransfer-Encoding: chunked\r\n",
        b"X: y\n Transfer-Encoding: chunked\r\n", b"Transfer\x00-Encoding: chunked\r\n", b"\x00Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding\x00: chunked\r\n", b"Transfer Encoding: chunked\r\n", b"Transfer-Encoding chunked\r\n",
        b"Transfer-Encoding; chunked\r\n", b"Transfer-Encoding:chunked\n", b"Transfer-Encoding: chunked\n\r\n",
        b"\xefTransfer-Encoding: chunked\r\n", b"\"Transfer-Encoding\": chunked\r\n", b"(Transfer-Encoding): chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
        b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        b"Content-Length: 15\r\ntransfer-encoding: CHUNKED\r\n", b"TRANSFER-ENCODING: chunked\r\ncontent-length: 15\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: x\r\n",
    ]  # fmt: skip
    for field in fields:
        for line in LINES[:2]:
            yield b"te field %r %s" % (field, line.split()[1]), request(line, field) + body
    for field in (b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: identity\r\n", b"Transfer-Encoding: gzip\r\n"):
        for line in LINES:
            yield b"1.0 with %r" % field, request(line.replace(b"1.1", b"1.0"), field) + body


def lengths():
    """Content-Length that is no plain number of bytes, or there twice."""
    values = [
        b"+5", b"-5", b"-0", b"+0", b"0x5", b"0X5", b"5 5", b"5,5", b"5, 5", b"5,6", b"5, 6", b"5;5", b"5.0", b"5e0", b"", b" ", b"x",
        b"5x", b"x5", b"\"5\"", b"'5'", b"5\x00", b"\x005", b"5\x0b", b"\x0b5", b"5\x0c", b"\xb2", b"\xc2\xb2", b"\xd9\xa5", b"5_0",
        b"1 8", b"18446744073709551616", b"18446744073709551621", b"99999999999999999999", b"9" * 40, b"-1", b"5-", b"(5)",
        b"5\r\n 5", b"5,", b",5", b"NaN", b"Infinity", b"0b101", b"0o5", b"5%", b"%35", b"5\x7f",
    ]  # fmt: skip
    for value in values:
        for line in LINES[:2]:
            yield b"length %r %s" % (value, line.split()[1]), request(line, b"Content-Length: " + value + b"\r\n") + b"hello"
    fields = [
        b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: 0\r\nContent-Length: 5\r\n", b"Content-Length: 5\r\ncontent-length: 0\r\n",
        b"Content-Length: 5\r\nContent-Length: x\r\n", b"Content-Length : 5\r\n", b"Content-Length\t: 5\r\n",
        b" Content-Length: 5\r\n", b"X: y\nContent-Length: 5\r\n", b"X: y\rContent-Length: 5\r\n", b"Content-Length:\r\n 5\r\n",
        b"Content-Length\x00: 5\r\n", b"Content Length: 5\r\n", b"Content-Length 5\r\n", b": 5\r\n", b"Content-Length\r\n: 5\r\n",
    ]  # fmt: skip
    for field in fields:
        for line in LINES:
            yield b"length field %r %s" % (field, line.split()[1]), request(line, field) + b"hello"


def hosts():
    """No Host, two, or one that is no host and port."""
    values = [
        b"localhost:@evil", b"user@localhost", b"user:pass@localhost", b"localhost@evil", b"evil#localhost", b"localhost#x",
        b"localhost/x", b"localhost?x", b"/localhost", b"http://localhost", b"//localhost", b"localhost, localhost", b"local host",
        b"localhost localhost", b"localhost:80:80", b"localhost:x", b"localhost:-1", b"localhost:+80", b"localhost:0x50",
        b"localhost:123456", b"localhost: 80", b"localhost :80", b"[::1", b"::1", b"[::1]x", b"[]", b"[localhost]", b"[::1]@evil",
        b"localhost\\evil", b"\"localhost\"", b"<localhost>", b"local\x00host", b"localhost\x00", b"localhost\x0b", b"local\x7fhost",
        b"localhost%", b"localhost%4", b"localhost%zz", b"l\xc3\xb6calhost", b"local\thost", b"localhost|evil", b"localhost^", b"`localhost`",
        b"{localhost}", b"localhost\r\n .evil", b"localhost\r\n\t.evil",
    ]  # fmt: skip
    for value in values:
        yield b"host %r" % value, request(LINES[2], host=b"Host: " + value + b"\r\n")
        yield b"host %r of a post" % value, request(LINES[0], b"Content-Length: 18\r\n", b"Host: " + value + b"\r\n") + RECORD
    for host in (b"", b"Host: localhost\r\nHost: localhost\r\n", b"Host: localhost\r\nhost: evil\r\n", b"Host : localhost\r\n",
                 b" Host: localhost\r\n", b"Host\r\n", b"Host:\r\n localhost\r\n", b"Host: localhost\r\n evil\r\n",
                 b"X-Host: localhost\r\n", b"Host\x00: localhost\r\n", b"Host: localhost\r\nHost:\r\n"):  # fmt: skip
        for line in LINES:
            yield b"host field %r %s" % (host, line.split()[1]), request(line, host=host)
    yield b"1.0 with two hosts", request(LINES[2].replace(b"1.1", b"1.0"), HOST)


def lines():
    """First lines that are no request line."""
    versions = [b"HTTP/1.2", b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1", b"HTTP/1.", b"HTTP/11", b"HTTP/1.10", b"HTTP/01.1", b"http/1.1",
                b"HTTP/1.1x", b"HTTP /1.1", b"HTTP/ 1.1", b"HTTP/1,1", b"HTTP/-1.1", b"HTP/1.1", b"HTTPS/1.1", b"", b"HTTP/9.9",
                b"HTTP/1.1 HTTP/1.1", b"HTTP/1.\xb1"]  # fmt: skip
    for version in versions:
        yield b"version %r" % version, request(b"GET /health " + version + b"\r\n")
    targets = [b"health", b"*", b"http://localhost/health", b"http://evil/health", b"localhost:80", b"HTTP://localhost/health",
               b"\\health", b"/health#x", b"/hea lth", b"/hea\tlth", b"/hea\x00lth", b"/hea\x0blth", b"/hea\x7flth", b"?x", b"#", b"",
               b"/health /health"]  # fmt: skip
    for target in targets:
        yield b"target %r" % target, request(b"GET " + target + b" HTTP/1.1\r\n")
        yield b"target %r of a post" % target, request(b"POST " + target + b" HTTP/1.1\r\n", b"Content-Length: 0\r\n")
    for line in [b"GET\r\n", b"GET /health\r\n", b"GET  /health HTTP/1.1\r\n", b"GET /health  HTTP/1.1\r\n", b" GET /health HTTP/1.1\r\n",
                 b"\tGET /health HTTP/1.1\r\n", b"GET\t/health\tHTTP/1.1\r\n", b"GET /health HTTP/1.1 \r\n", b"\r\nGET /health HTTP/1.1\r\n",
                 b"\r\n\r\nGET /health HTTP/1.1\r\n", b"\nGET /health HTTP/1.1\r\n", b"GET /health HTTP/1.1\n", b"GET /health HTTP/1.1\r",
                 b"GET /health HTTP/1.1\r\r\n", b"/health HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n",
                 b"G(T /health HTTP/1.1\r\n", b"G@T /health HTTP/1.1\r\n", b"G\xc3\x8bT /health HTTP/1.1\r\n", b"GET\x00 /health HTTP/1.1\r\n",
                 b"GET/health HTTP/1.1\r\n", b"GET:/health HTTP/1.1\r\n", b"CONNECT localhost:80 HTTP/1.1\r\n", b"\xef\xbb\xbfGET /health HTTP/1.1\r\n",
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32)]:  # fmt: skip
        yield b"line %r" % line, request(line)


def fields():
    """Control characters, names that are none, line ends that are none."""
    for byte in [*range(9), 11, 12, *range(14, 32), 127]:
        mark = bytes([byte])
        yield b"control %d in a value" % byte, request(LINES[2], b"X: a" + mark + b"b\r\n")
        yield b"control %d in a name" % byte, request(LINES[2], b"X" + mark + b": a\r\n")
        yield b"control %d in a target" % byte, request(b"GET /health?a" + mark + b" HTTP/1.1\r\n")
    for name in [b"", b" ", b"X ", b"X\t", b" X", b"X Y", b"(X)", b"X,", b"X;", b"X@", b"X[", b"X]", b"X{", b"X}", b"X/", b"X?", b"X=", b"X\\", b"X\"",
                 b"<X>", b"X\xc3\xbc", b"\xa0X"]:  # fmt: skip
        yield b"name %r" % name, request(LINES[2], name + b": a\r\n")
        yield b"name %r of a post" % name, request(LINES[0], name + b": a\r\nContent-Length: 18\r\n") + RECORD
    for field in [b"X\r\n", b"X\r\nY: a\r\n", b"X: a\r\n b\r\n", b"X: a\r\n\tb\r\n", b"X: a\r\n \r\n", b"X: a\nY: b\r\n", b"X: a\rY: b\r\n",
                  b"X: a\r\r\n", b"X: a\n", b"X: a\n\r\n", b"X: a\r", b"\rX: a\r\n", b"\nX: a\r\n", b"no colon at all\r\n", b"\x00\r\n"]:  # fmt: skip
        for line in LINES[1:]:
            yield b"field %r %s" % (field, line.split()[1]), request(line, field)


def chunks():
    """Chunked bodies that are not: a good record first, which must not be kept."""
    first = b"%x\r\n%s\r\n" % (len(RECORD), RECORD)
    sizes = [b"x", b"-1", b"+1", b"-0", b"0x1", b"0X1", b"1 ", b" 1", b"1\t", b"\t1", b"1 1", b"1,1", b"1;\x00", b"1;a=\x00", b"1;\n", b"1;a\nb", b"1\n",
             b"1\r", b"1\x00", b"\x001", b"1\x0b", b"g", b"", b" ", b";", b";a=b", b"1;a=\"", b"1;a=\"b", b"1;;", b"1;=", b"1;a=b c", b"1.0", b"1h", b"#1",
             b"f" * 17, b"1" + b"0" * 16, b"ffffffffffffffff1", b"\xb1", b"\"1\"", b"1_0", b"10000000000000001", b"1;a=(", b"1:a", b"1=a"]  # fmt: skip
    for size in sizes:
        for line in LINES[:2]:
            yield (b"chunk size %r %s" % (size, line.split()[1]),
                   request(line, b"Transfer-Encoding: chunked\r\n") + first + size + b"\r\na\r\n0\r\n\r\n")  # fmt: skip
    for rest in [b"1\r\nab\r\n0\r\n\r\n", b"1\r\na0\r\n\r\n", b"1\r\na\n0\r\n\r\n", b"1\r\na\r0\r\n\r\n", b"1\r\na \r\n0\r\n\r\n", b"1\r\na\r\n\r\n0\r\n\r\n",
                 b"2\r\na\r\n0\r\n\r\n", b"1\na\r\n0\r\n\r\n", b"0\r\nX\r\n\r\n", b"0\r\n: a\r\n\r\n", b"0\r\nX : a\r\n\r\n", b"0\r\nX: a\x00\r\n\r\n",
                 b"0\n\r\n", b"0\r\nX: a\nY: b\r\n\r\n", b"0;\x00\r\n\r\n", b"0 0\r\n\r\n",
                 b"0\r\nContent-Length: 5\r\n\r\n", b"0\r\nTransfer-Encoding: chunked\r\n\r\n"]:  # fmt: skip
        for line in LINES[:2]:
            yield b"chunks %r %s" % (rest, line.split()[1]), request(line, b"Transfer-Encoding: chunked\r\n") + first + rest


FORMS = [(name.decode("latin-1"), form + SMUGGLED)
         for kind in (transfer_encodings, lengths, hosts, lines, fields, chunks) for name, form in kind()]  # fmt: skip

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = {b"Upgrade": b"websocket", b"Connection": b"Upgrade", b"Sec-WebSocket-Version": b"13", b"Sec-WebSocket-Key": KEY}


def handshake(line=b"GET /api/v1/stream HTTP/1.1\r\n", extra=b"", **changes):
    changed = {name.replace("_", "-").encode(): value for name, value in changes.items()}
    given = {**UPGRADE, **changed}
    return request(line, b"".join(b"%s: %s\r\n" % pair for pair in given.items() if pair[1] is not None) + extra)


def handshakes():
    for name in UPGRADE:
        yield b"no " + name, handshake(**{name.decode(): None})
    for version in (b"12", b"14", b"0", b"", b"13, 14", b"x", b"13 13", b"1.3", b"+13", b"0x0d"):
        yield b"version " + version, handshake(**{"Sec-WebSocket-Version": version})
    for key in (b"", b"x", KEY[:-1], KEY + b"=", KEY + KEY, KEY[:-2], b"=" * 24, b"a" * 24, b"*" * 22 + b"==", KEY + b", " + KEY, b"\xff" * 22 + b"=="):
        yield b"key %r" % key, handshake(**{"Sec-WebSocket-Key": key})
    for upgrade in (b"h2c", b"web socket", b"", b"socket"):
        yield b"upgrade " + upgrade, handshake(Upgrade=upgrade)
    for connection in (b"close", b"keep-alive", b""):
        yield b"connection " + connection, handshake(Connection=connection)
    for line in (b"POST /api/v1/stream HTTP/1.1\r\n", b"HEAD /api/v1/stream HTTP/1.1\r\n", b"GET /api/v1/stream HTTP/1.0\r\n",
                 b"PUT /api/v1/stream HTTP/1.1\r\n"):  # fmt: skip
        yield line.strip(), handshake(line)
    yield b"with a body", handshake(extra=b"Content-Length: 5\r\n") + b"hello"
    yield b"with chunks", handshake(extra=b"Transfer-Encoding: chunked\r\n") + b"0\r\n\r\n"
    yield b"two keys", handshake(extra=b"Sec-WebSocket-Key: " + KEY + b"\r\n")
    yield b"two versions", handshake(extra=b"Sec-WebSocket-Version: 12\r\n")
    yield b"not waited for", handshake()


HANDSHAKES = [(name.decode("latin-1"), form + SMUGGLED) for name, form in handshakes()]


def frame(first, payload=b"", mask=b"\x01\x02\x03\x04", length=None):
    """A frame of these bits; `length` lies about the payload's."""
    size = len(payload) if length is None else length
    if size < 126:
        head = bytes([size | (0x80 if mask else 0)])
    elif size < 1 << 16:
        head = bytes([126 | (0x80 if mask else 0)]) + size.to_bytes(2, "big")
    else:
        head = bytes([127 | (0x80 if mask else 0)]) + size.to_bytes(8, "big")
    data = bytes(b ^ mask[i % 4] for i, b in enumerate(payload)) if mask else payload
    return bytes([first]) + head + mask + data


OPEN = b'{"id":1,"open":{"dataset":"flights"}}'


def frames():
    for bits in (0x40, 0x20, 0x10, 0x70):
        for opcode in (0x1, 0x2, 0x8, 0x9):
            yield "reserved bits %x of opcode %x" % (bits, opcode), frame(0x80 | bits | opcode, OPEN)
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield "opcode %d" % opcode, frame(0x80 | opcode, OPEN)
    for opcode in (1, 2, 8, 9, 10):
        yield "no mask of opcode %d" % opcode, frame(0x80 | opcode, OPEN, b"")
    for opcode in (8, 9, 10):
        yield "control %d in fragments" % opcode, frame(opcode, b"a")
        yield "control %d of 126 bytes" % opcode, frame(0x80 | opcode, b"a" * 126)
    yield "goes on with nothing", frame(0x80, OPEN)
    yield "goes on with nothing, unfinished", frame(0x00, OPEN)
    yield "a message within another", frame(0x01, OPEN[:5]) + frame(0x81, OPEN)
    yield "binary", frame(0x82, OPEN)
    yield "length of 126 in two bytes less", b"\x81\xfe\x00\x05\x01\x02\x03\x04" + b"hello"
    yield "length of 127 in eight bytes less", b"\x81\xff" + (5).to_bytes(8, "big") + b"\x01\x02\x03\x04" + b"hello"
    yield "length with the highest bit", b"\x81\xff" + b"\xff" * 8 + b"\x01\x02\x03\x04"
    yield "length of 2 MiB", frame(0x81, b"", length=2 << 20) + b"a" * 1000
    for text in (b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\x80", b"a\x80", b"\xf0\x90\x80"):
        yield "text %r" % text, frame(0x81, text)
    yield "close of one byte", frame(0x88, b"\x03")
    for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535):
        yield "close code %d" % code, frame(0x88, code.to_bytes(2, "big"))
    yield "close with text that is none", frame(0x88, b"\x03\xe8\xff")
    yield "HTTP again", SMUGGLED


FRAMES = list(frames())
