// Checks a dashboard that was read without errors against the columns of its sources: names that are not there, types
// that a measure or dimension is not of. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "query/dashboard_reader.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

// The columns of one source. Appends to the problems; `path` is that of the metrics in the file.
void check_metrics(const MetricsModel& model, const std::string& path, const std::vector<DatasetColumn>& columns,
                   DashboardProblems& problems);

// The path of the n-th metrics in the file: "metrics", or "metrics[1]" where `document` has a list.
std::string metrics_path(const Json& document, std::size_t index);

}  // namespace canvasback
