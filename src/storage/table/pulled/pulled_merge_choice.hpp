// Which parts of a pulled table are to be merged next, as a pure function of the table's state. A merge reads the live
// rows of its inputs (of a part in `recent` only those of the merge's period) and writes them as parts of that period,
// sorted. A row is rewritten a logarithmic number of times: parts of a period are merged when several of about one size
// lie there, changed rows move into their period when they are worth a part of it, and a part is written anew once a
// tenth of its rows are dead.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/table/pulled/pulled_table.hpp"

namespace canvasback {

struct PulledMergeRules {
  std::int64_t part_rows_max = 524'288;  // of a part that is written, and of all rows of a merge that has several
  std::int64_t recent_rows = 65'536;     // of a period in `recent`, that are worth a part
  std::size_t recent_parts = 16;         // together in `recent`, that are merged into one there
  std::size_t parts_of_a_size = 4;       // of a period, that are merged
  double dead_share = 0.1;               // of a part, that it is written anew for
  std::int64_t dead_rows_min = 1'000;    // but not for fewer
  std::size_t inputs_max = 256;          // of a merge: each is open
};

struct PulledMerge {
  std::string period;                 // of what is written; kRecent: the changed rows of several cycles, into one part
  std::vector<std::uint64_t> inputs;  // numbers of parts

  bool operator==(const PulledMerge&) const = default;
};

// nullopt: nothing is worth merging.
std::optional<PulledMerge> choose_merge(const PulledTable& table, const PulledMergeRules& rules = {});

}  // namespace canvasback
