// The dashboards that the program has: for the tables of a marketplace (docs/marketplace.md) and for flights, as texts
// of service/dashboard/builtin/, compiled in. They are listed where the datasets that they need are served.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace canvasback {

// Name and text.
const std::vector<std::pair<std::string_view, std::string_view>>& builtin_dashboards();

}  // namespace canvasback
