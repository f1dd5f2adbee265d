// Selection: which rows and columns of a dataset, in which order. Made from a request (query parameters or JSON),
// checked against the dataset's columns, and turned into SQL or into a plain scan by the worker.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

struct SortKey {
  std::string column;
  bool descending = false;
};

// A deterministic sample: a share of all rows, or a fixed number of them; the seed makes it repeatable.
struct Sample {
  double share = 0;  // 0 to 1; 0: rows counts
  std::int64_t rows = 0;
  std::int64_t seed = 0;
};

struct Selection {
  std::vector<std::string> columns;  // empty: all
  Json filter;                       // null: none
  std::vector<SortKey> sort;
  std::optional<Sample> sample;
  std::int64_t offset = 0;
  std::optional<std::int64_t> limit;
  std::string after;  // cursor of the previous page, see query/cursor.hpp

  bool in_file_order() const { return filter.is_null() && sort.empty() && !sample; }
};

// `id,"a,b"` → names. One that has a comma, or blanks or quotes at its ends, is in double quotes, and those in it are
// written twice. Errors: InvalidData that names the parameter.
Result<std::vector<std::string>> parse_columns(std::string_view text);

// `-amount,id,-"a,b"` → keys; "1%" or "10000 rows" → a sample. Errors: InvalidData that names the parameter.
Result<std::vector<SortKey>> parse_sort(std::string_view text);
Result<Sample> parse_sample(std::string_view text, std::int64_t seed);

// Every column, sort key and filter column exists; the filter's shape and depth are within limits.
Status check_selection(const Selection& selection, const Dataset& dataset);

Json to_json(const Selection& selection);
Selection selection_from_json(const Json& json);

}  // namespace canvasback
