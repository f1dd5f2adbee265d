// Narrowing: what a statement of ours says of the records of one collection before it is planned, so that its worker
// gives the engine only the files and rows that can matter. The statement's own conditions stay: a narrowing may leave
// in what they leave out, never the other way.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

struct Narrowing {
  std::string collection;
  // Week numbers (base/iso_week.hpp) of the parts, both included. What is not merged yet is always in.
  std::int64_t first_week = std::numeric_limits<std::int64_t>::min();
  std::int64_t last_week = std::numeric_limits<std::int64_t>::max();
  // Keys of a record and their values as text: all of them.
  std::vector<std::pair<std::string, std::string>> keys;

  bool has_weeks() const {
    return first_week != std::numeric_limits<std::int64_t>::min() ||
           last_week != std::numeric_limits<std::int64_t>::max();
  }
  bool empty() const { return keys.empty() && !has_weeks(); }
};

Json to_json(const Narrowing& narrowing);
Narrowing narrowing_from_json(const Json& json);

// Whether a file of the collection can have records of these weeks, as its name says.
bool is_of_weeks(const DataFile& file, const Narrowing& narrowing);

// The dataset without the other files.
Dataset only_weeks(Dataset dataset, const Narrowing& narrowing);

// Until which week the first `wanted` records from `from_us` on can lie: parts of later weeks hold none of them.
std::int64_t last_week_of_first(const Dataset& dataset, std::int64_t from_us, std::int64_t wanted);

}  // namespace canvasback
