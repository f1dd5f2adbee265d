// Reads a dashboard from its JSON form, which is that of its file key by key, and says all that is wrong with it: keys,
// names and kinds that are not known (each with the nearest one that is), values out of bounds. What needs the datasets
// is checked by query/dashboard_check.hpp. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "query/dashboard.hpp"

namespace canvasback {

using DashboardProblems = std::vector<DashboardProblem>;

// Appends to `problems`, limits::kDashboardProblemsMax at most. What is wrong is left out of the result: it is of use
// only where there are no errors.
Dashboard dashboard_from_json(const Json& json, DashboardProblems& problems);

// One tile, as `path` of a dashboard or of a request. Names are checked against the dashboard's metrics.
DashboardTile dashboard_tile_from_json(const Json& json, const Dashboard& dashboard, const std::string& path,
                                       DashboardProblems& problems);

// The first error as a Status: InvalidData with its path.
Status first_error(const DashboardProblems& problems);
bool has_errors(const DashboardProblems& problems);

// The keys that an object of the file may have: "dashboard", "metrics", "dimension", "measure", or a type of tile.
// Empty for other words.
std::vector<std::string> dashboard_keys(std::string_view object);
std::vector<std::string> dashboard_tile_types();

}  // namespace canvasback
