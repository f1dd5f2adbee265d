// Router: the one table of routes. A route is a method, a pattern with {names}, the query parameters it knows, and a
// handler. What no route takes is answered here: 404, 405 with Allow, 400 for unknown parameters
// and for conditions that would be ignored, 403 for foreign
// Host or Origin, OPTIONS for CORS.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "service/query/query_service.hpp"
#include "transport/http/connection/connection.hpp"
#include "transport/http/connection/metrics.hpp"

namespace canvasback::http {

struct RouteInfo {
  std::string method;
  std::string pattern;
  std::vector<std::string> parameters;  // query parameters
  bool any_parameters = false;          // a page: its script reads them
  bool takes_stream = false;            // the handler reads the body itself, piece by piece
  bool takes_conditions = false;        // the handler honours If-Match and If-None-Match
};

struct Access {
  std::vector<std::string> hosts;    // accepted in Host beside the loopback names, without port
  std::vector<std::string> origins;  // accepted in Origin (CORS allow-list)
};

class Router {
 public:
  using Handler = std::function<asio::awaitable<void>(Connection&, Request&)>;

  Router(Metrics& metrics, Access access) : metrics_(metrics), access_(std::move(access)) {}

  void add(RouteInfo info, Handler handler);
  asio::awaitable<void> handle(Connection& connection, Request& request);
  // Whether this request's route takes its body piece by piece. One that is refused before is not read at all.
  bool takes_stream(const Request& request) const;
  const std::vector<RouteInfo>& routes() const { return infos_; }
  // CORS headers for an allowed Origin.
  Headers cors_headers(const Request& request) const;

 private:
  struct Match {
    std::size_t route = SIZE_MAX;
    std::vector<std::string> allowed;  // methods that the path has
  };
  Match match(Request& request) const;
  Status check_access(const Request& request) const;
  asio::awaitable<void> route(Connection& connection, Request& request, std::string& pattern);

  Metrics& metrics_;
  Access access_;
  std::vector<RouteInfo> infos_;
  std::vector<Handler> handlers_;
};

}  // namespace canvasback::http
