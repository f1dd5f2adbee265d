// What every record is given: the time it came (`ingested_at`, UTC) and, where it brought none, an `id` (UUID version
// 7). The ids of one object count up from a random start, so they sort as they came and compress well.
#pragma once

#include <cstdint>
#include <string_view>

#include "source/records/shredded.hpp"

namespace canvasback {

class RecordIds {
 public:
  explicit RecordIds(std::int64_t time_us);
  // 36 characters; valid until the next call.
  std::string_view next();

 private:
  char text_[36];
  std::uint64_t high_;  // of the last 62 bits: 14 of them, random
  std::uint64_t low_;   // and 48, counted up
};

class RecordStamps {
 public:
  // time_us: since 1970-01-01 UTC. make_ids: false where ids are the client's alone.
  RecordStamps(std::int64_t time_us, bool make_ids) : time_us_(time_us), make_ids_(make_ids), ids_(time_us) {}
  // A record's own value of the name ingested_at keeps its kind and goes to the sibling column.
  void add_to(Shredded& records);

 private:
  std::int64_t time_us_;
  bool make_ids_;
  RecordIds ids_;
};

}  // namespace canvasback
