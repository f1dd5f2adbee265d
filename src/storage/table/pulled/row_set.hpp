// RowSet: numbers of rows of one file, such as those that are part of its table no more. Kept as ranges in order, which
// is how DataFile::dead has them. A value.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace canvasback {

class RowSet {
 public:
  using Range = std::pair<std::int64_t, std::int64_t>;  // first, last

  // In any order, and some of them more than once.
  void add(std::vector<std::int64_t> rows);
  bool contains(std::int64_t row) const;
  std::int64_t count() const { return count_; }
  bool empty() const { return ranges_.empty(); }
  const std::vector<Range>& ranges() const { return ranges_; }

  bool operator==(const RowSet&) const = default;

 private:
  friend Result<RowSet> row_set_from_json(const Json& json);

  std::vector<Range> ranges_;
  std::int64_t count_ = 0;
};

// [gap, length, gap, length, …]: of each range how far it is from the end of the one before, and its length.
Json to_json(const RowSet& rows);
// Errors: InvalidData where it is nothing that to_json() made.
Result<RowSet> row_set_from_json(const Json& json);

}  // namespace canvasback
