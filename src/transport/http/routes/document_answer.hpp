// What the routes share that answer with a JSON document made in the front.
#pragma once

#include <string_view>

#include "base/json.hpp"
#include "transport/http/connection/connection.hpp"

namespace canvasback::http {

// {"duration_ms": of the request so far, "method": method}
Json performance_metrics(const Request& request, std::string_view method);

// The document with its performance_metrics.
asio::awaitable<void> respond_document(Connection& connection, const Request& request, Json document,
                                       std::string_view method, int status = 200);

}  // namespace canvasback::http
