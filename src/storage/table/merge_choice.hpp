// Merge choice: which files of a collection are worth merging now. A pure function of the files, the time and what is
// being merged already; whoever calls it acts on what it gives (service/collection/merge_service).
//
// Tiered: commits go together once they are many or have lain for long; parts of one week and about one size go
// together once there are kPartsOfTierMax of them, so that a record is written again a logarithmic number of times; a
// part is written anew once many of its rows are dead. What is small has a process of its own, so that it never waits
// for what is large: each size is chosen for by itself, and the two never share a file.
//
// Requires `live` in the order of PartName::order(). Costs one pass over it.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "storage/table/file_set.hpp"

namespace canvasback {

// How much a merge takes on, and so which process does it.
enum class MergeSize { Small, Large };

inline constexpr std::size_t kPartsOfTierMax = 8;  // of one week and size: then they are merged

struct MergeInputs {
  const std::vector<CollectionFile>& live;
  const std::set<std::string, std::less<>>& in_merge;  // paths that other merges have
  std::int64_t merge_after_us = 0;                     // commits that have lain so long are merged however few they are
  std::int64_t newest_us = 0;                          // when records came last
};

// What to merge, in the order of `live`; empty: nothing. All files of a commit are chosen, or none.
std::vector<CollectionFile> choose_merge(const MergeInputs& inputs, MergeSize size, std::int64_t now_us);

// All commits, whatever their number and age, and all parts of one week: what `compact` asks for, step by step.
std::vector<CollectionFile> commits_of(const std::vector<CollectionFile>& live);
std::vector<CollectionFile> parts_of_week(const std::vector<CollectionFile>& live, IsoWeek week);
std::set<IsoWeek> weeks_of(const std::vector<CollectionFile>& live);

// Whether a week's parts are more than one file without dead rows.
bool is_worth_rewriting(const std::vector<CollectionFile>& parts);

}  // namespace canvasback
