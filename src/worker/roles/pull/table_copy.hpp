// TableCopy: what a pulled table holds, by key: where its live rows are, found in the key maps of its parts, and what
// the cycle at hand has added. Keys are those of storage/table/pulled/key_bytes.hpp. The maps are opened when they are
// first needed. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/cancel.hpp"
#include "storage/table/pulled/key_bytes.hpp"
#include "storage/table/pulled/key_map.hpp"
#include "storage/table/pulled/pulled_table.hpp"
#include "worker/child/work_feed.hpp"

namespace canvasback {

class TableCopy {
 public:
  // A live row. part 0: written by this cycle.
  struct Place {
    std::uint64_t part = 0;
    std::int64_t row = 0;  // of this cycle's rows: their count before it
    std::int64_t changed_us = kNoTime;
    std::uint64_t hash = 0;
  };
  // A range of keys: from behind `after` (empty: from the least) up to and with `up_to` (empty: the greatest).
  struct Range {
    std::string after;
    std::string up_to;
  };

  // The table outlives it.
  TableCopy(const PulledTable& table, WorkFeed& feed, const CancelToken& cancel);

  // Where each of the keys is, in any order. Cheaper for many at once. Errors: those of KeyMap, with the part's name.
  Result<std::vector<std::optional<Place>>> locate(const KeyList& keys);
  // The live rows in a range, in no order. `take` changes nothing here.
  Status each_in(const Range& range, const std::function<Status(std::string key, const Place& place)>& take);
  Result<std::int64_t> count_in(const Range& range);

  // From now on the key's row is this one, of this cycle's; the row that it replaces is dead.
  void put(std::string_view key, std::int64_t row, std::int64_t changed_us, std::uint64_t hash,
           const std::optional<Place>& replaced);
  // The key has no row any more.
  void remove(std::string_view key, const Place& place);

  // Rows that died in this cycle: of the parts that were there, and of this cycle's own.
  const std::map<std::uint64_t, std::vector<std::int64_t>>& dead() const { return dead_; }
  const std::vector<std::int64_t>& dead_of_cycle() const { return dead_of_cycle_; }
  std::int64_t rows() const { return rows_; }

 private:
  struct Part {
    const PulledPart* part = nullptr;
    std::unique_ptr<KeyMap> map;
    std::unordered_set<std::int64_t> died;  // in this cycle
  };

  Result<KeyMap*> map_of(Part& part);
  static bool is_dead(const Part& part, std::int64_t row);
  Status locate_in(Part& part, const KeyList& keys, std::span<const std::size_t> order,
                   std::vector<std::optional<Place>>& out);
  Result<std::pair<std::int64_t, std::int64_t>> places_in(Part& part, const Range& range);
  static bool may_hold(const PulledPart& part, const Range& range);

  WorkFeed& feed_;
  const CancelToken& cancel_;
  std::vector<Part> parts_;
  struct KeyHasher {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  std::unordered_map<std::string, Place, KeyHasher, std::equal_to<>> fresh_;  // of this cycle
  std::map<std::uint64_t, std::vector<std::int64_t>> dead_;
  std::vector<std::int64_t> dead_of_cycle_;
  std::int64_t rows_ = 0;
};

}  // namespace canvasback
