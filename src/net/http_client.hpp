// A small HTTP/1.1 client for --server of the command line and for feeds. Each fetch() uses a connection of its own and
// passes the body of the response to a sink as it arrives, in constant memory. Blocking: call it on a thread that may
// wait. Every wait has a limit, and raising the cancel token ends a fetch within 200 ms. http:// only, no https.
//
//   ClientRequest request;
//   request.server = "http://127.0.0.1:8080";
//   request.target = "/health";
//   auto answer = fetch(request, [&](std::string_view bytes) { body += bytes; return Status(); });
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"

namespace canvasback::http {

// Zero: no limit.
struct ClientLimits {
  std::chrono::milliseconds connect{30'000};  // to resolve the name and connect
  std::chrono::milliseconds idle{0};          // without a byte sent or received
  std::chrono::milliseconds whole{0};         // the exchange in all, including redirects
};

struct ClientRequest {
  std::string server;  // http://host:port or http://user:password@[::1]:port; a path in it is ignored
  std::string method = "GET";
  std::string target = "/";
  std::string body = {};
  std::string content_type = {};
  std::string encoding = {};  // Content-Encoding
  std::string idempotency_key = {};
  // Instead of `body`: called for the next piece of the body, which is sent chunked, until one is empty.
  std::function<Result<std::string_view>()> next_piece = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // additional ones
  ClientLimits limits = {};
  // Maximum number of redirects: for GET and HEAD, and for other methods if the status (307, 308) keeps the method and
  // `body` can be repeated. Never to https, nor from another machine to a loopback or link-local address. Credentials
  // and `headers` are not sent to another host.
  int redirects_max = 0;
  // More headers, for each address that is asked (ClientAnswer::url): validators are of one alone.
  std::function<std::vector<std::pair<std::string, std::string>>(const std::string& url)> headers_of_url = {};
  bool takes_compressed = false;  // send Accept-Encoding; a compressed response is decoded in any case
  CancelToken cancel = {};
};

class ClientAnswer {
 public:
  int status = 0;        // 2xx or 304
  std::string url = {};  // that answered, after redirects; without credentials
  // The value of a header or trailer, by its name in any case; "" if there is none.
  std::string field(std::string_view name) const;

 private:
  friend class Exchange;
  std::vector<std::pair<std::string, std::string>> fields_;
};

// Sends the request and passes the body of a 2xx response to `sink`, decoded by its Content-Encoding (gzip, deflate,
// zstd; expansion is bounded as for uploads). Returns when the response is complete. Errors:
//   Unavailable           the server cannot be reached, or a limit has passed
//   DataProcessing        the connection ended before the response did, or an unexpected status
//   the Error of the      a response of application/problem+json
//   problem document
//   UnsupportedMediaType  another Content-Encoding
//   Cancelled             the token was raised
//   those of `sink` and of `next_piece`, which end the exchange
Result<ClientAnswer> fetch(const ClientRequest& request, const std::function<Status(std::string_view)>& sink);

}  // namespace canvasback::http
