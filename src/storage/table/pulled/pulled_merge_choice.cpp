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

// A period of which enough rows lie in `recent`.
std::optional<PulledMerge> move_recent(const PulledTable& table, const PulledMergeRules& rules) {
  std::map<std::string, std::int64_t> waiting;
  for (const PulledPart& part : table.parts) {
    if (part.period != kRecent || part.live_rows() == 0) continue;
    for (const auto& [period, rows] : part.periods) waiting[period] += std::min(rows, part.live_rows());
  }
  const auto most = std::ranges::max_element(waiting, {}, [](const auto& entry) { return entry.second; });
  if (most == waiting.end() || most->second < rules.recent_rows) return std::nullopt;
  PulledMerge out{most->first, {}};
  for (const PulledPart& part : table.parts) {
    if (part.period == kRecent && part.live_rows() > 0 && part.periods.contains(out.period)) {
      out.inputs.push_back(part.number);
    }
  }
  return out;
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
    PulledMerge out{key.first, {}};
    for (const PulledPart* part : parts) out.inputs.push_back(part->number);
    return out;
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
  PulledMerge out{std::string(kRecent), {}};
  for (const PulledPart& part : table.parts) {
    if (part.period == kRecent && part.live_rows() * 2 <= rules.part_rows_max) out.inputs.push_back(part.number);
  }
  if (out.inputs.size() < rules.recent_parts) return std::nullopt;
  return out;
}

}  // namespace

std::optional<PulledMerge> choose_merge(const PulledTable& table, const PulledMergeRules& rules) {
  for (const auto choose : {move_recent, merge_alike, rewrite_worn, merge_recent}) {
    if (auto merge = choose(table, rules)) return merge;
  }
  return std::nullopt;
}

}  // namespace canvasback
