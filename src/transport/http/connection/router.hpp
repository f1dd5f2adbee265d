// Router: the table of routes. A route is a method, a pattern with {names}, its query parameters, and a handler. The
// router itself answers everything that concerns no single route:
//
//   403  a Host or Origin that is not allowed         404  no such path
//   405  no such method, with Allow                   204  OPTIONS of CORS
//   400  an unknown query parameter, or If-Match and If-None-Match where the route would ignore them
//
// add() all routes before the first handle(). Matching is linear in the number of routes (some eighty). Not
// thread-safe: on the front's thread.
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
  bool any_parameters = false;          // accepts any: a page whose script reads them
  bool takes_stream = false;            // the handler reads the body piece by piece
  bool takes_conditions = false;        // the handler supports If-Match and If-None-Match
};

struct Access {
  std::vector<std::string> hosts;    // allowed in Host, besides the loopback names; without port
  std::vector<std::string> origins;  // allowed in Origin (CORS)
};

class Router {
 public:
  using Handler = std::function<asio::awaitable<void>(Connection&, Request&)>;

  Router(Metrics& metrics, Access access) : metrics_(metrics), access_(std::move(access)) {}

  void add(RouteInfo info, Handler handler);
  // Calls the handler of the request's route, or answers itself, and counts the request. Always responds once.
  asio::awaitable<void> handle(Connection& connection, Request& request);
  // Whether the handler reads the body itself. The body of a request that is refused before is not read.
  bool takes_stream(const Request& request) const;
  const std::vector<RouteInfo>& routes() const { return infos_; }
  // The CORS headers if the request's Origin is allowed, else none.
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
