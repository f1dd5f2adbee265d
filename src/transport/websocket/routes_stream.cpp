// GET /api/v1/stream: from HTTP to the WebSocket. Host and Origin were checked as for any route.
#include <boost/beast/http/verb.hpp>

#include <memory>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/websocket/session.hpp"

namespace canvasback::http {
namespace {

bool asks_for_websocket(const Request& request) {
  return request.version >= 11 && lower(request.header("upgrade")).find("websocket") != std::string::npos &&
         lower(request.header("connection")).find("upgrade") != std::string::npos &&
         request.header("sec-websocket-version") == "13" && !request.header("sec-websocket-key").empty() &&
         request.body.empty();
}

asio::awaitable<void> stream(Services services, std::shared_ptr<std::size_t> count, Connection& connection,
                             Request& request) {
  if (!asks_for_websocket(request)) {
    Error error{ErrorCode::InvalidData, "This address speaks WebSocket (version 13) only.", {}, {}, 0};
    co_await connection.respond(problem_response(error, request.path));
    co_return;
  }
  if (*count >= limits::kStreamsMax) {
    Error error{ErrorCode::TooManyRequests, "Too many streams are open.", {}, {}, 5};
    co_await connection.respond(problem_response(error, request.path));
    co_return;
  }
  websocket::Session::Handshake handshake(boost::beast::http::verb::get, request.target, request.version);
  for (const auto& [name, value] : request.headers) handshake.set(name, value);
  auto released = connection.release(101);
  if (!released) {
    co_await connection.respond(problem_response(released.error(), request.path));
    co_return;
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
