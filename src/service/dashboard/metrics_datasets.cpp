#include "service/dashboard/metrics_datasets.hpp"

#include <fmt/format.h>

#include <utility>

namespace canvasback {

Result<MetricsDatasets> metrics_datasets(const MetricsModel& model, const DatasetService& datasets) {
  MetricsDatasets out;
  if (model.source.empty()) {
    out.left_out = datasets.left_out_of_sql(model.sql, OnUnreadable::Default);
  } else {
    CANVASBACK_ASSIGN(auto dataset, datasets.find(model.source));
    out.datasets.push_back(std::move(dataset));
    out.left_out = datasets.left_out_of(model.source, OnUnreadable::Default);
  }
  if (model.has_user_sql()) out.datasets = datasets.readable();
  return out;
}

std::string metrics_version(const MetricsModel& model, const DatasetService& datasets) {
  if (!model.has_user_sql()) {
    const auto dataset = datasets.find(model.source);
    const auto left_out = datasets.left_out_of(model.source, OnUnreadable::Default);
    return dataset ? fmt::format("{}\n{}", (*dataset)->version, fmt::join(left_out, "\n")) : std::string();
  }
  // Which datasets a statement reads only its worker knows.
  std::string out;
  for (const auto& dataset : datasets.readable()) out += fmt::format("{}\n{}\n", dataset->name, dataset->version);
  return out;
}

}  // namespace canvasback
