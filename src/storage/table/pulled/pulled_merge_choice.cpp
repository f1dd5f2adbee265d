#include "storage/table/pulled/pulled_merge_choice.hpp"

#include <algorithm>
#include <map>

namespace canvasback {
namespace {

// Parts of about one size have the same tier: 4 times as many rows are the next one.
int tier_of(std::int64_t rows) {
  int tier = 0;
  for (; rows >= 4096; rows /= 4) ++tier;
  return tier;
}

bool is_worn(const PulledPart& part, const PulledMergeRules& rules) {
  return part.dead.count() >= rules.dead_rows_min &&
         static_cast<double>(part.dead.count()) >= rules.dead_share * static_cast<double>(part.rows);
}

// Adds parts while all of their rows are not too many for one merge.
class Inputs {
 public:
  explicit Inputs(const PulledMergeRules& rules) : rules_(rules) {}

  // False where it does not fit any more. One part alone always does.
  bool add(const PulledPart& part, std::int64_t rows) {
    const bool fits = numbers_.empty() || (rows_ + rows <= rules_.part_rows_max && numbers_.size() < rules_.inputs_max);
    if (!fits) return false;
    rows_ += rows;
    numbers_.push_back(part.number);
    return true;
  }
  std::size_t size() const { return numbers_.size(); }
  std::vector<std::uint64_t> take() { return std::move(numbers_); }

 private:
  const PulledMergeRules& rules_;
  std::int64_t rows_ = 0;
  std::vector<std::uint64_t> numbers_;
};

// A period of which enough rows lie in `recent`.
std::optional<PulledMerge> move_recent(const PulledTable& table, const PulledMergeRules& rules) {
  std::map<std::string, std::int64_t> waiting;
  for (const PulledPart& part : table.parts) {
    if (part.period != kRecent || part.live_rows() == 0) continue;
    for (const auto& [period, rows] : part.periods) waiting[period] += std::min(rows, part.live_rows());
  }
  const auto most = std::ranges::max_element(waiting, {}, [](const auto& entry) { return entry.second; });
  if (most == waiting.end() || most->second < rules.recent_rows) return std::nullopt;
  Inputs inputs(rules);
  for (const PulledPart& part : table.parts) {
    const auto rows = part.periods.find(most->first);
    if (part.period != kRecent || part.live_rows() == 0 || rows == part.periods.end()) continue;
    if (!inputs.add(part, std::min(rows->second, part.live_rows()))) break;
  }
  return PulledMerge{most->first, inputs.take()};
}

// Parts of one period and one size.
std::optional<PulledMerge> merge_alike(const PulledTable& table, const PulledMergeRules& rules) {
  std::map<std::pair<std::string, int>, std::vector<const PulledPart*>> alike;
  for (const PulledPart& part : table.parts) {
    if (part.period == kRecent || part.live_rows() * 2 > rules.part_rows_max) continue;
    alike[{part.period, tier_of(part.live_rows())}].push_back(&part);
  }
  for (const auto& [key, parts] : alike) {
    if (parts.size() < rules.parts_of_a_size) continue;
    Inputs inputs(rules);
    for (const PulledPart* part : parts) {
      if (!inputs.add(*part, part->live_rows())) break;
    }
    return PulledMerge{key.first, inputs.take()};
  }
  return std::nullopt;
}

std::optional<PulledMerge> rewrite_worn(const PulledTable& table, const PulledMergeRules& rules) {
  for (const PulledPart& part : table.parts) {
    if (is_worn(part, rules)) return PulledMerge{part.period, {part.number}};
  }
  return std::nullopt;
}

std::optional<PulledMerge> merge_recent(const PulledTable& table, const PulledMergeRules& rules) {
  Inputs inputs(rules);
  std::size_t count = 0;
  for (const PulledPart& part : table.parts) {
    if (part.period != kRecent || part.live_rows() * 2 > rules.part_rows_max) continue;
    ++count;
    inputs.add(part, part.live_rows());
  }
  if (count < rules.recent_parts || inputs.size() < 2) return std::nullopt;
  return PulledMerge{std::string(kRecent), inputs.take()};
}

}  // namespace

std::optional<PulledMerge> choose_merge(const PulledTable& table, const PulledMergeRules& rules) {
  for (const auto choose : {move_recent, merge_alike, rewrite_worn, merge_recent}) {
    if (auto merge = choose(table, rules)) return merge;
  }
  return std::nullopt;
}

}  // namespace canvasback
