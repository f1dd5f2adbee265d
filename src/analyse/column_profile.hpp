// ColumnProfile: what is known of one column after its values were seen. Values are Json as the json format writes
// them: integers beyond 2^53 and decimals as strings, dates and times as ISO 8601. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace canvasback::analyse {

enum class ColumnKind { Boolean, Number, Temporal, Text, Binary, Nested };

// How much is wanted of a column: Summary leaves out what needs hashes and samples.
enum class Depth { Summary, Full };

struct FrequentValue {
  Json value;
  std::int64_t count = 0;
  std::int64_t count_error = 0;  // 0: exact
};

struct Quantile {
  double probability = 0;
  Json value;
};

// A share of a text column's values that look alike: "A9-999" or a format such as "integer".
struct Pattern {
  std::string text;
  double share = 0;
};

struct TextFacts {
  std::int64_t length_min = 0;  // characters
  std::int64_t length_max = 0;
  double length_mean = 0;
  std::int64_t empty = 0;
  double padded_share = 0;        // with a space at either end; of the sample
  std::vector<Pattern> patterns;  // most frequent first; of the sample
  std::vector<Pattern> formats;   // every format met, most frequent first; of the sample
};

// Equal steps from the smallest to the largest finite value.
struct ProfileHistogram {
  Json from;
  Json to;
  std::vector<std::int64_t> counts;
};

struct ColumnProfile {
  std::string name;
  std::string type;  // SQL
  ColumnKind kind = ColumnKind::Nested;
  std::int64_t rows = 0;
  std::int64_t nulls = 0;
  Json min;  // null: no value, or the type has no order
  Json max;
  Json mean;  // numbers only, as are the next two
  Json standard_deviation;
  Json sum;
  std::int64_t not_a_number = 0;
  std::int64_t infinite = 0;

  // Depth::Full:
  std::optional<std::int64_t> distinct;
  bool distinct_exact = true;
  std::vector<Quantile> quantiles;
  bool quantiles_exact = true;
  double sample_error = 0;  // of shares and ranks taken from the sample; 0 where everything was kept
  std::vector<FrequentValue> top;
  bool top_exact = true;
  std::optional<TextFacts> text;
  std::optional<ProfileHistogram> histogram;
  double outlier_share = 0;       // numbers: beyond three interquartile ranges from the quartiles
  std::int64_t out_of_range = 0;  // dates: before 1900, after 2100 or infinite
  bool from_footer = false;       // nothing of the column was read

  std::int64_t count() const { return rows - nulls; }
};

}  // namespace canvasback::analyse
