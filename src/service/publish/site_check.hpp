// Tries a published site where it is served: whether its index comes fresh, its data by ranges, as they are and to be
// cached, and what is missing is missing. Says what to configure. The requests are made by a function, so that the
// rules are tested without a network.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "net/http_probe.hpp"

namespace canvasback {

struct SiteFinding {
  enum class Level { Good, Note, Wrong };
  Level level = Level::Good;
  std::string what;    // "Ranges: 206, and the whole length"
  std::string advice;  // what to configure; empty of what is good
};

using ProbeFunction = std::function<Result<http::ProbeAnswer>(const http::ProbeRequest& request)>;

// `url`: of the site, or of its index.html or index.json.
std::vector<SiteFinding> check_site(const std::string& url, const ProbeFunction& probe);
bool is_usable(const std::vector<SiteFinding>& findings);

}  // namespace canvasback
