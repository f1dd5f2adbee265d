// The datasets that metrics are of, as they are now.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "query/metrics.hpp"
#include "service/dataset/dataset_service.hpp"

namespace canvasback {

struct MetricsDatasets {
  std::vector<std::shared_ptr<const Dataset>> datasets;  // of a user's statement: all that can be read
  std::vector<std::string> left_out;                     // files that cannot be read
};

// Errors: DatasetNotFound, and what keeps the dataset from being read.
Result<MetricsDatasets> metrics_datasets(const MetricsModel& model, const DatasetService& datasets);

// What the numbers of these metrics are made of: another text whenever a file of its datasets is another. Empty where
// its dataset cannot be read.
std::string metrics_version(const MetricsModel& model, const DatasetService& datasets);

}  // namespace canvasback
