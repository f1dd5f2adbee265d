#include "transport/http/connection/request_head.hpp"

#include <gtest/gtest.h>

#include <string>

namespace canvasback::http {
namespace {

using Kind = BodyFraming::Kind;

std::string head_of(const std::string& fields, const std::string& line = "POST /ingest HTTP/1.1") {
  return line + "\r\nHost: localhost\r\n" + fields + "\r\n";
}

TEST(RequestHead, EndsAtItsEmptyLine) {
  const std::string head = head_of("");
  EXPECT_EQ(**find_head_end(head, 0), head.size());
  EXPECT_EQ(**find_head_end(head + "GET / HTTP/1.1\r\n\r\n", 0), head.size());
}

TEST(RequestHead, EndsAtTheSamePlaceHoweverItArrives) {
  const std::string bytes = head_of("A: b\r\nC: d\r\n") + "body";
  const std::size_t end = bytes.size() - 4;
  for (std::size_t first = 0; first < bytes.size(); ++first) {
    auto begun = find_head_end(std::string_view(bytes).substr(0, first), 0);
    ASSERT_TRUE(begun);
    EXPECT_EQ(begun->has_value(), first >= end) << first;
    if (first < end) {
      EXPECT_EQ(**find_head_end(bytes, first), end) << first;
    }
  }
}

TEST(RequestHead, StrayBytesAreRefusedBeforeTheEnd) {
  for (const std::string bytes : {"\r\nGET /", "GET / HTTP/1.1\n", "GET / HTTP/1.1\rX", "\x16\x03\x01", "GET /\x01",
                                  "GET / HTTP/1.1\r\nA: \x7f"}) {
    EXPECT_FALSE(find_head_end(bytes, 0)) << bytes;
  }
  EXPECT_FALSE(find_head_end(std::string("GET /\0", 6), 0));
}

TEST(RequestHead, SaysHowLongTheBodyIs) {
  EXPECT_EQ(check_head(head_of(""))->kind, Kind::None);
  EXPECT_EQ(check_head(head_of("Content-Length: 0\r\n"))->kind, Kind::None);
  auto sized = check_head(head_of("content-length:\t42 \r\n"));
  EXPECT_EQ(sized->kind, Kind::Sized);
  EXPECT_EQ(sized->bytes, 42U);
  EXPECT_EQ(check_head(head_of("Transfer-Encoding: Chunked\r\n"))->kind, Kind::Chunked);
}

TEST(RequestHead, BodiesThatCouldEndAtTwoPlacesAreRefused) {
  for (const std::string fields : {"Transfer-Encoding: xchunked\r\n",
                                   "Transfer-Encoding: gzip\r\n",
                                   "Transfer-Encoding: identity\r\n",
                                   "Transfer-Encoding: \"chunked\"\r\n",
                                   "Transfer-Encoding: chunked, chunked\r\n",
                                   "Transfer-Encoding: chunked, identity\r\n",
                                   "Transfer-Encoding: gzip, chunked\r\n",
                                   "Transfer-Encoding: chunked;a=b\r\n",
                                   "Transfer-Encoding:\r\n",
                                   "Transfer-Encoding: ,chunked\r\n",
                                   "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                                   "Transfer-Encoding : chunked\r\n",
                                   " Transfer-Encoding: chunked\r\n",
                                   "X: y\r\n\tTransfer-Encoding: chunked\r\n",
                                   "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
                                   "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                                   "Content-Length: 3\r\nContent-Length: 3\r\n",
                                   "Content-Length: 3, 3\r\n",
                                   "Content-Length: +3\r\n",
                                   "Content-Length: -3\r\n",
                                   "Content-Length: 0x3\r\n",
                                   "Content-Length: 3 3\r\n",
                                   "Content-Length:\r\n",
                                   "Content-Length: 99999999999999999999\r\n",
                                   "Content-Length: 3.0\r\n",
                                   "Content-Length: \xC2\xB3\r\n"}) {
    EXPECT_FALSE(check_head(head_of(fields))) << fields;
  }
  EXPECT_FALSE(check_head(head_of("Transfer-Encoding: chunked\r\n", "POST /ingest HTTP/1.0")));
}

TEST(RequestHead, HostsAreNamesOrAddresses) {
  const auto with = [](const std::string& host) { return check_head("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"); };
  for (const char* host : {"localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]:80", "[::ffff:127.0.0.1]", "a_b.example",
                           "localhost:", "xn--data.example.", "a%20b"}) {
    EXPECT_TRUE(with(host)) << host;
  }
  for (const char* host : {"localhost:@evil", "user@localhost", "localhost/x", "localhost?x", "localhost#x", "a b",
                           "localhost:80:80", "localhost:x", "localhost:123456", "[::1", "[::1]x", "[]", "[::1]@evil",
                           "localhost, evil", "http://localhost", "a%2", "a\\b", "\"localhost\""}) {
    EXPECT_FALSE(with(host)) << host;
  }
  EXPECT_FALSE(check_head("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_TRUE(check_head("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_FALSE(check_head("GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n"));
}

TEST(RequestHead, RequestLinesAreMethodTargetVersion) {
  for (const char* line :
       {"GET / HTTP/1.2", "GET / HTTP/2.0", "GET / http/1.1", "GET /", "GET / HTTP/1.1 ", "GET  / HTTP/1.1",
        " GET / HTTP/1.1", "G(T / HTTP/1.1", "GET http://localhost/ HTTP/1.1", "GET * HTTP/1.1", "GET /a b HTTP/1.1",
        "GET /a#b HTTP/1.1", "GET\t/ HTTP/1.1", "GET / HTTP/1.10"}) {
    EXPECT_FALSE(check_head(head_of("", line))) << line;
  }
  EXPECT_TRUE(check_head(head_of("", "BREW /caf\xC3\xA9?a=b HTTP/1.1")));
}

}  // namespace
}  // namespace canvasback::http
