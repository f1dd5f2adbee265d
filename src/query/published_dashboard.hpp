// What of a dashboard may be published (docs/publish.md): its document without statements, expressions and whatever is
// made of private columns. A tile that needs such a dimension or measure becomes a text that says so, in its place.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "query/dashboard.hpp"

namespace canvasback {

// The filters of a dashboard's document: without them those of the first metrics.
std::vector<std::string> filters_of(const Json& document, const Dashboard& dashboard);

// A column of a source that leaves with the site, and as what.
struct PublishedColumn {
  std::string metrics;  // the name of the metrics, or their source
  std::string column;   // or "expression of NAME"
  std::string use;      // "values of the dimension NAME", "sum for the measure NAME", "time"
};

struct PublishedDashboard {
  Json document;        // without private dimensions, measures and tiles; with statements: what workers are asked with
  Json shown;           // the same for readers: without statements and expressions
  Dashboard dashboard;  // of `document`
  std::vector<std::string> withheld;  // what is not published, and why: for the one who publishes
  std::vector<PublishedColumn> columns;
};

// `document`: of a dashboard without errors. Errors: InvalidData where nothing is left.
Result<PublishedDashboard> published_dashboard(const Json& document);

}  // namespace canvasback
