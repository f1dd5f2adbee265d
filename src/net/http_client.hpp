// A small HTTP client for the command line's --server: one request, the body passed on as it comes. Blocking.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback::http {

struct ClientRequest {
  std::string server;  // http://host:port
  std::string method = "GET";
  std::string target = "/";
  std::string body = {};
  std::string content_type = {};
  std::string encoding = {};  // Content-Encoding
  std::string idempotency_key = {};
  // A body that is sent as it comes, instead of `body`; empty at its end.
  std::function<Result<std::string_view>()> next_piece = {};
};

// Passes the body of a 2xx answer to `sink`; true goes on. A problem+json becomes its Error; a connection that ends
// before the answer does is DataProcessing. Errors: Unavailable when the server cannot be reached.
// on_end, where it is given, gets the value of a header or trailer by its name once the answer is whole.
using FieldOf = std::function<std::string(std::string_view name)>;
Status fetch(const ClientRequest& request, const std::function<Status(std::string_view)>& sink,
             const std::function<void(const FieldOf&)>& on_end = {});

}  // namespace canvasback::http
