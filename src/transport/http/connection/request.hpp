// Request: one HTTP request, read whole (headers and a bounded body), its target split and decoded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace canvasback::http {

struct Request {
  std::string method;
  std::string target;                                       // as sent
  std::string path;                                         // decoded, without the query string
  std::vector<std::pair<std::string, std::string>> query;   // decoded, in order
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case; repeated ones joined by ", "
  std::string body;
  int version = 11;  // 10 or 11
  bool keep_alive = true;
  std::int64_t received_ns = 0;                                     // monotonic, when it was complete
  std::map<std::string, std::string, std::less<>> path_parameters;  // from the route's pattern, decoded
  std::map<std::string, std::string, std::less<>> path_as_sent;     // the same, not decoded

  std::string_view header(std::string_view lower_name) const;
  // A query parameter; nullptr where it is missing.
  const std::string* parameter(std::string_view name) const;
  // Every value of a query parameter, in order.
  std::vector<std::string> parameters(std::string_view name) const;
  // Since it was complete.
  double elapsed_ms() const;
};

// The one query parameter that may be given several times: the values of a record's key.
inline constexpr std::string_view kKeyParameter = "key";

// Fills in path and query. Errors: InvalidData for broken escapes and other parameters given twice.
Status split_target(Request& request);

}  // namespace canvasback::http
