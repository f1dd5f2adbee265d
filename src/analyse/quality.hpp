// What a column's profile says about the quality of its data: a score from 0 to 100 and what was taken off, and why.
// The score begins at 100; each finding costs what is stated with it. Pure.
#pragma once

#include <string>
#include <vector>

#include "analyse/column_profile.hpp"

namespace canvasback::analyse {

struct Finding {
  std::string code;     // nulls, constant, near_constant, outliers, mixed_formats, numbers_as_text, padded, empty,
                        // dates_out_of_range, not_a_number
  std::string message;  // for a person
  double share = 0;     // of the rows (nulls) or values it concerns
  double cost = 0;      // points
};

struct ColumnQuality {
  double score = 100;
  std::vector<Finding> findings;
};

ColumnQuality quality_of(const ColumnProfile& profile);

}  // namespace canvasback::analyse
