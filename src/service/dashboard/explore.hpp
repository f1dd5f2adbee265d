// Explore: a dashboard for a dataset that has none: which column is its time, which have few values and split numbers,
// which are measures, by their types, names and how many values a sample of rows has. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

// What is known of a column from a sample.
struct SampledColumn {
  std::string name;
  std::string type;
  std::int64_t values = 0;    // rows that have one
  std::int64_t distinct = 0;  // about so many different ones
};

// The columns that are counted in a sample; and metrics with a measure for each of them, over some rows: how many
// values it has, or about how many different ones.
std::vector<SampledColumn> sampled_columns(const Dataset& dataset);
Json sample_metrics(const Dataset& dataset, const std::vector<SampledColumn>& columns, bool distinct);

Json explore_document(const Dataset& dataset, const std::vector<SampledColumn>& columns);

}  // namespace canvasback
