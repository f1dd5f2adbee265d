#include "storage/table/pulled/row_set.hpp"

#include <algorithm>
#include <iterator>

namespace canvasback {

void RowSet::add(std::vector<std::int64_t> rows) {
  if (rows.empty()) return;
  std::ranges::sort(rows);
  std::vector<Range> all;
  all.reserve(ranges_.size() + rows.size());
  const auto take = [&all](Range next) {
    if (!all.empty() && next.first <= all.back().second + 1) {
      all.back().second = std::max(all.back().second, next.second);
    } else {
      all.push_back(next);
    }
  };
  auto range = ranges_.begin();
  for (const std::int64_t row : rows) {
    for (; range != ranges_.end() && range->first <= row; ++range) take(*range);
    take({row, row});
  }
  for (; range != ranges_.end(); ++range) take(*range);
  ranges_ = std::move(all);
  count_ = 0;
  for (const auto& [first, last] : ranges_) count_ += last - first + 1;
}

bool RowSet::contains(std::int64_t row) const {
  const auto behind = std::ranges::upper_bound(ranges_, row, {}, &Range::first);
  return behind != ranges_.begin() && row <= std::prev(behind)->second;
}

Json to_json(const RowSet& rows) {
  Json out = Json::Array{};
  std::int64_t end = 0;
  for (const auto& [first, last] : rows.ranges()) {
    out.push(first - end);
    out.push(last - first + 1);
    end = last + 1;
  }
  return out;
}

Result<RowSet> row_set_from_json(const Json& json) {
  RowSet out;
  const Json::Array& numbers = json.as_array();
  if (numbers.size() % 2 != 0) return fail(ErrorCode::InvalidData, "A set of rows is cut off.");
  std::int64_t end = 0;
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    const std::int64_t gap = numbers[i].as_int(-1);
    const std::int64_t length = numbers[i + 1].as_int(-1);
    if (gap < (i == 0 ? 0 : 1) || length < 1) return fail(ErrorCode::InvalidData, "A set of rows is out of order.");
    out.ranges_.emplace_back(end + gap, end + gap + length - 1);
    out.count_ += length;
    end += gap + length;
  }
  return out;
}

}  // namespace canvasback
