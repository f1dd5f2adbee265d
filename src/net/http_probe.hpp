// One GET as a browser makes it, for who examines a web server (`canvasback publish --check`): the status, the header
// fields and the first bytes of the body just as they came, whatever they are. Speaks http and https, whose certificate
// must be valid; follows no redirect. Blocking, with a time limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace canvasback::http {

using HeaderFields = std::vector<std::pair<std::string, std::string>>;

struct ProbeRequest {
  std::string url;  // http://… or https://…
  HeaderFields headers = {};
  std::size_t body_bytes_max = 0;  // after these the connection is closed
  std::chrono::milliseconds limit{20'000};
};

struct ProbeAnswer {
  int status = 0;
  HeaderFields fields;
  std::string body;       // its beginning, not decoded
  bool is_whole = false;  // nothing followed it

  // The value of a field, by its name in any case; "" if there is none.
  std::string field(std::string_view name) const;
};

// Errors: InvalidData for the URL; Unavailable where there is no answer in time, or no valid certificate.
Result<ProbeAnswer> probe(const ProbeRequest& request);

}  // namespace canvasback::http
