// What /metrics and /health say of pulled sources and of what dashboards are made of.
#pragma once

#include <string>

#include "transport/http/routes/routes.hpp"

namespace canvasback::http {

// Lines of the Prometheus text format: rows, when the copy is of, failures in a row. Empty where there are no sources.
std::string source_metrics(const Services& services);
// The rollups that dashboards are made of: how many sources have some, their bytes, how often they were made.
std::string rollup_metrics(const Services& services);
// Whether the last pull of every source that is not paused succeeded, and the last scrub found no table damaged.
bool sources_pulled(const Services& services);

}  // namespace canvasback::http
