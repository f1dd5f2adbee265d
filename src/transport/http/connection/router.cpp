#include "transport/http/connection/router.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "transport/http/connection/problem.hpp"

namespace canvasback::http {
namespace {

// "Host: name:port" → name, with the brackets of an IPv6 address kept.
std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

using Parameters = std::map<std::string, std::string, std::less<>>;

// A path is split before it is decoded: an escaped '/' is part of a name. Gives the parameters as sent.
bool matches(std::string_view pattern, const Request& request, Parameters& as_sent) {
  const auto wanted = split(pattern, '/');
  const auto given = split(std::string_view(request.target).substr(0, request.target.find('?')), '/');
  if (wanted.size() != given.size()) return false;
  as_sent.clear();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].starts_with('{')) {
      if (given[i].empty()) return false;
      as_sent[wanted[i].substr(1, wanted[i].size() - 2)] = given[i];
    } else if (wanted[i] != given[i] && percent_decode(given[i], false) != wanted[i]) {
      return false;
    }
  }
  return true;
}

// What a request that changes something asks for, and the route would not do.
Status check_conditions(const RouteInfo& info, const Request& request) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (reads || info.takes_conditions) return {};
  for (const char* name : {"If-Match", "If-None-Match"}) {
    if (request.headers.contains(lower(name))) {
      return fail(ErrorCode::InvalidData, fmt::format("{} {} takes no {}.", info.method, info.pattern, name));
    }
  }
  return {};
}

}  // namespace

void Router::add(RouteInfo info, Handler handler) {
  infos_.push_back(std::move(info));
  handlers_.push_back(std::move(handler));
}

Router::Match Router::match(Request& request) const {
  Match out;
  Parameters parameters;
  bool literal = false;
  for (std::size_t i = 0; i < infos_.size(); ++i) {
    if (!matches(infos_[i].pattern, request, parameters)) continue;
    // A path that stands for itself allows what it says, whatever a name in its place would.
    const bool is_literal = parameters.empty();
    if (is_literal && !literal) out.allowed.clear();
    literal = literal || is_literal;
    if (is_literal || !literal) {
      out.allowed.push_back(infos_[i].method);
      if (infos_[i].method == "GET") out.allowed.emplace_back("HEAD");
    }
    if (infos_[i].method == (request.method == "HEAD" ? "GET" : request.method)) {
      out.route = i;
      request.path_as_sent = parameters;
      request.path_parameters.clear();
      for (const auto& [name, text] : parameters) {
        request.path_parameters[name] = percent_decode(text, false).value_or(text);
      }
      return out;
    }
  }
  return out;
}

bool Router::takes_stream(const Request& request) const {
  Parameters parameters;
  for (const RouteInfo& info : infos_) {
    if (info.takes_stream && info.method == request.method && matches(info.pattern, request, parameters)) {
      return true;
    }
  }
  return false;
}

Status Router::check_access(const Request& request) const {
  const std::string_view host = request.header("host");
  if (host.empty() && request.version >= 11) return fail(ErrorCode::InvalidData, "The Host header is empty.");
  const std::string name = lower(host_name(host));
  const bool loopback = name == "localhost" || name == "127.0.0.1" || name == "[::1]" || name.empty();
  if (!loopback && std::ranges::find(access_.hosts, name) == access_.hosts.end()) {
    return fail(ErrorCode::Forbidden, "This server does not answer to that Host name.");
  }
  const std::string_view origin = request.header("origin");
  if (origin.empty() || std::ranges::find(access_.origins, origin) != access_.origins.end()) return {};
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos || origin.substr(scheme + 3) != host) {
    return fail(ErrorCode::Forbidden, "This server does not answer to pages of that Origin.");
  }
  return {};
}

Headers Router::cors_headers(const Request& request) const {
  const std::string_view origin = request.header("origin");
  if (origin.empty() || std::ranges::find(access_.origins, origin) == access_.origins.end()) return {};
  return {{"Access-Control-Allow-Origin", std::string(origin)},
          {"Access-Control-Expose-Headers",
           "Server-Timing, X-Total-Rows, X-Total-Exact, X-Left-Out, Content-Disposition, Retry-After, "
           "Location, Preference-Applied, ETag, Content-Range, Accept-Ranges"},
          {"Vary", "Origin"}};
}

asio::awaitable<void> Router::route(Connection& connection, Request& request, std::string& pattern) {
  if (Status status = check_access(request); !status) {
    co_await connection.respond(problem_response(status.error(), request.path));
    co_return;
  }
  connection.set_extra_headers(cors_headers(request));
  Match found = match(request);
  // A proxy may take what follows a refused upgrade for frames: it is not read as a request.
  if (found.route == SIZE_MAX && !request.header("upgrade").empty()) connection.close_after_answer();
  if (found.allowed.empty()) {
    Error error{ErrorCode::NotFound, fmt::format("Not found: {}.", request.path.substr(0, 256)), {}, {}, 0};
    co_await connection.respond(problem_response(error, request.path));
    co_return;
  }
  if (found.route == SIZE_MAX) {
    const std::string allowed = fmt::format("{}", fmt::join(found.allowed, ", "));
    if (request.method == "OPTIONS" && !cors_headers(request).empty()) {
      Response response{204, "text/plain", {}, {}};
      response.headers.emplace_back("Access-Control-Allow-Methods", allowed);
      response.headers.emplace_back("Access-Control-Allow-Headers",
                                    "Content-Type, Accept, Authorization, Prefer, Idempotency-Key, Last-Event-ID, "
                                    "Range, If-Range, If-Match, If-None-Match");
      co_await connection.respond(std::move(response));
      co_return;
    }
    Error error{ErrorCode::MethodNotAllowed, fmt::format("{} takes {}.", request.path, allowed), {}, {}, 0};
    Response response = problem_response(error, request.path);
    response.headers.emplace_back("Allow", allowed);
    co_await connection.respond(std::move(response));
    co_return;
  }
  const RouteInfo& info = infos_[found.route];
  pattern = info.pattern;
  for (const auto& [name, value] : request.query) {
    if (info.any_parameters) break;
    if (std::ranges::find(info.parameters, name) != info.parameters.end()) continue;
    Error error{ErrorCode::InvalidData,
                fmt::format("Unknown query parameter \"{}\"; {} takes {}.", name.substr(0, 64), info.pattern,
                            info.parameters.empty() ? "none" : fmt::format("{}", fmt::join(info.parameters, ", "))),
                {},
                {},
                0};
    co_await connection.respond(problem_response(error, request.path));
    co_return;
  }
  if (Status status = check_conditions(info, request); !status) {
    co_await connection.respond(problem_response(status.error(), request.path));
    co_return;
  }
  co_await handlers_[found.route](connection, request);
}

asio::awaitable<void> Router::handle(Connection& connection, Request& request) {
  metrics_.request_started();
  std::string pattern = "(none)";
  co_await route(connection, request, pattern);
  const double duration_ms = request.elapsed_ms();
  metrics_.request_ended(pattern, connection.status_sent(), duration_ms, connection.bytes_sent());
  log::debug("{} {} {} {} {:.2f} ms {} bytes", connection.peer(), request.method, pattern, connection.status_sent(),
             duration_ms, connection.bytes_sent());
}

}  // namespace canvasback::http
