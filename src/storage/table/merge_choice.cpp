#include "storage/table/merge_choice.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/limits.hpp"

namespace canvasback {
namespace {

// Commits of many records that come closer together than this are a burst.
constexpr std::int64_t kBurstPauseUs = 1'000'000;
constexpr std::size_t kCommitsOfBurstMax = 2 * limits::kCommitsMergeAt;
// A part is written anew once so many of its rows, and one of so many, are dead.
constexpr std::int64_t kDeadRowsMerged = 1000;
constexpr std::int64_t kDeadShareMerged = 50;

// Parts of one week and about one size; merging only such keeps the work for a record logarithmic.
int tier_of(std::int64_t rows) {
  int tier = 0;
  for (; rows >= static_cast<std::int64_t>(kPartsOfTierMax); rows /= static_cast<std::int64_t>(kPartsOfTierMax)) ++tier;
  return tier;
}

// Commits of that size, once they are many or have lain for long. All files of a commit go together, and a small merge
// takes the oldest.
std::vector<CollectionFile> due_commits(const MergeInputs& inputs, MergeSize size, std::int64_t now_us) {
  std::map<std::uint64_t, std::int64_t> rows;  // by commit
  for (const CollectionFile& file : inputs.live) {
    if (file.name.is_commit && !inputs.in_merge.contains(file.file.path)) rows[file.name.commit] += file.file.rows;
  }
  const bool is_small = size == MergeSize::Small;
  std::erase_if(rows, [&](const auto& entry) { return (entry.second <= limits::kSmallCommitRows) != is_small; });
  if (rows.empty()) return {};
  std::vector<CollectionFile> out;
  std::int64_t oldest_us = now_us;
  std::int64_t sum = 0;
  for (const CollectionFile& file : inputs.live) {
    const auto found = file.name.is_commit ? rows.find(file.name.commit) : rows.end();
    if (found == rows.end()) continue;
    if (file.name.index == 1) sum += found->second;
    if (is_small && sum > limits::kSmallMergeRows) break;  // commits stand by number
    oldest_us = std::min(oldest_us, file.info.time_us);
    out.push_back(file);
  }
  const bool lies_long = now_us - oldest_us > inputs.merge_after_us;
  // A large merge takes processor time and disk from whoever sends bodies one after the other: it waits for the end of
  // such a burst, though not for long.
  const bool in_burst = !is_small && now_us - inputs.newest_us < kBurstPauseUs;
  const std::size_t enough = in_burst ? kCommitsOfBurstMax : limits::kCommitsMergeAt;
  if (rows.size() < enough && !lies_long) return {};
  return out;
}

bool is_mostly_dead(const CollectionFile& part) {
  const std::int64_t dead = part.file.dead_rows();
  return dead >= kDeadRowsMerged && dead >= part.file.rows / kDeadShareMerged;
}

}  // namespace

std::vector<CollectionFile> choose_merge(const MergeInputs& inputs, MergeSize size, std::int64_t now_us) {
  if (auto commits = due_commits(inputs, size, now_us); !commits.empty()) return commits;
  std::map<std::pair<IsoWeek, int>, std::vector<const CollectionFile*>> tiers;
  const CollectionFile* most_dead = nullptr;
  for (const CollectionFile& file : inputs.live) {
    if (file.name.is_commit || inputs.in_merge.contains(file.file.path)) continue;
    tiers[{file.name.week, tier_of(file.file.rows)}].push_back(&file);
    if (size == MergeSize::Small || !is_mostly_dead(file)) continue;
    if (most_dead == nullptr || most_dead->file.dead_rows() < file.file.dead_rows()) most_dead = &file;
  }
  std::vector<CollectionFile> out;
  for (const auto& [tier, parts] : tiers) {
    if (parts.size() < kPartsOfTierMax) continue;
    std::int64_t rows = 0;
    for (const CollectionFile* part : parts) rows += part->file.rows;
    if ((rows <= limits::kSmallMergeRows) != (size == MergeSize::Small)) continue;
    for (const CollectionFile* part : parts) out.push_back(*part);
    return out;
  }
  if (most_dead != nullptr) out.push_back(*most_dead);
  return out;
}

std::vector<CollectionFile> commits_of(const std::vector<CollectionFile>& live) {
  std::vector<CollectionFile> out;
  std::ranges::copy_if(live, std::back_inserter(out), [](const CollectionFile& file) { return file.name.is_commit; });
  return out;
}

std::vector<CollectionFile> parts_of_week(const std::vector<CollectionFile>& live, IsoWeek week) {
  std::vector<CollectionFile> out;
  std::ranges::copy_if(live, std::back_inserter(out),
                       [&](const CollectionFile& file) { return !file.name.is_commit && file.name.week == week; });
  return out;
}

std::set<IsoWeek> weeks_of(const std::vector<CollectionFile>& live) {
  std::set<IsoWeek> out;
  for (const CollectionFile& file : live) {
    if (!file.name.is_commit) out.insert(file.name.week);
  }
  return out;
}

bool is_worth_rewriting(const std::vector<CollectionFile>& parts) {
  return parts.size() > 1 || (parts.size() == 1 && !parts[0].file.dead.empty());
}

}  // namespace canvasback
