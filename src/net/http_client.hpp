// A small HTTP/1.1 client, for --server of the command line and for feeds: one request on a connection of its own, the
// body of the answer passed on as it comes. Blocking; every wait for the network has its limit, and a token ends it
// within 200 ms. Speaks http:// alone.
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

// Zero: none.
struct ClientLimits {
  std::chrono::milliseconds connect{30'000};  // until there is a connection, with the look-up of the name
  std::chrono::milliseconds idle{0};          // until the next bytes are sent or come
  std::chrono::milliseconds whole{0};         // of the exchange, with all redirects
};

struct ClientRequest {
  std::string server;  // http://host:port, also http://user:password@[::1]:port; a path in it is not looked at
  std::string method = "GET";
  std::string target = "/";
  std::string body = {};
  std::string content_type = {};
  std::string encoding = {};  // Content-Encoding
  std::string idempotency_key = {};
  // A body that is sent as it comes, instead of `body`; empty at its end.
  std::function<Result<std::string_view>()> next_piece = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // further ones
  ClientLimits limits = {};
  // Followed at most so often: GET and HEAD everywhere, other methods where the status (307, 308) keeps them and `body`
  // can be sent again. Never to https, and not from elsewhere to an address of this machine or of its link. Credentials
  // and `headers` stay with the host that they were meant for.
  int redirects_max = 0;
  bool takes_compressed = false;  // Accept-Encoding; what comes compressed is decoded whether it was asked for or not
  CancelToken cancel = {};
};

class ClientAnswer {
 public:
  int status = 0;  // 2xx or 304
  // The value of a header or trailer, "" where there is none.
  std::string field(std::string_view name) const;

 private:
  friend class Exchange;
  std::vector<std::pair<std::string, std::string>> fields_;
};

// Passes the body of a 2xx answer to `sink`, decoded by its Content-Encoding (gzip, deflate, zstd; bounded as uploads
// are). Errors: Unavailable where the server cannot be reached, gives no answer or does so too late; DataProcessing
// where the connection ends before the answer does, and for a status that is not taken (with Location, where there is
// one); the Error of a problem+json; Cancelled; UnsupportedMediaType for another encoding; those of `sink` and of
// `next_piece`.
Result<ClientAnswer> fetch(const ClientRequest& request, const std::function<Status(std::string_view)>& sink);

}  // namespace canvasback::http
