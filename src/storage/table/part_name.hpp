// PartName: a name in a collection's folder, as a value.
//
//   commit_000000000012.parquet          records that were acknowledged together (also _2of3 where one file did not do)
//   data_2025_w43.parquet, …_0001.parquet   the part of a week, merged from commits or from smaller parts
//
// The partition of a part is the ISO week of its records' time (base/iso_week.hpp). Names are parsed and made here and
// nowhere else. Pure; no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "base/iso_week.hpp"

namespace canvasback {

struct PartName {
  bool is_commit = false;
  std::uint64_t commit = 0;  // 1 …
  int index = 1;             // of the files of a commit, 1 …
  int count = 1;
  IsoWeek week = {0, 0};  // of a part
  int serial = 0;         // 0: data_2025_w43.parquet

  // Parts by week and serial, then commits by number: the order in which files of a collection stand.
  auto order() const { return std::tuple(is_commit, week, serial, commit, index); }
};

// The last part of a path.
std::string file_name(const std::string& path);

// nullopt: no file of a collection has such a name.
std::optional<PartName> parse_part_name(std::string_view name);

// Requires 1 ≤ index ≤ count.
std::string commit_file_name(std::uint64_t commit, int index, int count);
std::string week_file_name(IsoWeek week, int serial);

// The first name of the week that is not in `taken`, which then has it too.
std::string free_week_name(IsoWeek week, std::set<std::string>& taken);

}  // namespace canvasback
