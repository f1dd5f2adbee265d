// Profiles as the JSON document of GET …/profile, and as a table of one row per column for the other formats.
#pragma once

#include <string>
#include <vector>

#include "analyse/column_profile.hpp"
#include "base/error.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback::analyse {

enum class ProfileType { Summary, Profile, Quality };

// How many rows equal an earlier one.
struct DuplicateRows {
  std::int64_t rows = 0;
  bool exact = true;
  std::int64_t error = 0;  // where it is not exact: rows more or less
};

struct DatasetProfile {
  std::string dataset;
  ProfileType type = ProfileType::Profile;
  std::int64_t rows = 0;
  std::vector<ColumnProfile> columns;
  std::optional<DuplicateRows> duplicates;  // ProfileType::Quality
};

Json to_json(const DatasetProfile& profile);
Result<BatchPtr> to_batch(const DatasetProfile& profile);

}  // namespace canvasback::analyse
