// GET /api/v1/stream: from HTTP to the WebSocket. Host and Origin were checked as for any route.
#include <algorithm>
#include <boost/beast/http/verb.hpp>
#include <cctype>
#include <memory>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/websocket/session.hpp"

namespace canvasback::http {
namespace {

// Base64 of 16 bytes.
bool is_key(std::string_view key) {
  constexpr std::size_t kKeyBytes = 24;
  const auto belongs = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/'; };
  return key.size() == kKeyBytes && key.ends_with("==") && std::ranges::all_of(key.substr(0, kKeyBytes - 2), belongs);
}

bool asks_for_websocket(const Request& request) {
  return request.method == "GET" && request.version >= 11 &&
         lower(request.header("upgrade")).find("websocket") != std::string::npos &&
         lower(request.header("connection")).find("upgrade") != std::string::npos &&
         request.header("sec-websocket-version") == "13" && is_key(request.header("sec-websocket-key")) &&
         request.header("content-length").empty() && request.header("transfer-encoding").empty();
}

// What cannot be upgraded is the last that is read: a proxy may take what follows for frames.
asio::awaitable<void> refuse(Connection& connection, const Request& request, Error error) {
  connection.close_after_answer();
  co_await connection.respond(problem_response(error, request.path));
}

asio::awaitable<void> stream(Services services, std::shared_ptr<std::size_t> count, Connection& connection,
                             Request& request) {
  if (!asks_for_websocket(request)) {
    Error error{ErrorCode::InvalidData, "This route accepts WebSocket connections (version 13) only.", {}, {}, 0};
    co_return co_await refuse(connection, request, std::move(error));
  }
  if (*count >= limits::kStreamsMax) {
    Error error{ErrorCode::TooManyRequests, "Too many streams are open.", {}, {}, 5};
    co_return co_await refuse(connection, request, std::move(error));
  }
  websocket::Session::Handshake handshake(boost::beast::http::verb::get, request.target, request.version);
  for (const auto& [name, value] : request.headers) handshake.set(name, value);
  auto released = connection.release(101);
  if (!released) {
    co_return co_await refuse(connection, request, released.error());
  }
  auto session = std::make_shared<websocket::Session>(std::move(*released), services.views,
                                                      [&connection] { return connection.closing(); });
  ++*count;
  co_await session->run(std::move(handshake));
  --*count;
}

}  // namespace

void add_stream_routes(Router& router, Services services) {
  router.add({"GET", "/api/v1/stream", {}},
             [services, count = std::make_shared<std::size_t>(0)](Connection& connection, Request& request) {
               return stream(services, count, connection, request);
             });
}

}  // namespace canvasback::http
