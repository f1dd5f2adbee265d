// PartInfo: what a file of a collection says of itself in its footer, so that a folder of files is all there is to a
// collection: no log, no manifest. There are two kinds of files, commits and the parts of weeks
// (storage/table/part_name.hpp). A part names the commits it covers and the parts it replaces; those are then ignored
// wherever they still lie. The parts of one merge are valid only together: until all are there, what they were made of
// counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "record/kinds.hpp"

namespace canvasback {

// A request whose records are in the file: a repetition of it is answered from here.
struct KeptRequest {
  std::string key;  // its Idempotency-Key
  std::int64_t records = 0;
  std::int64_t quarantined = 0;
  std::uint64_t commit = 0;
  std::int64_t time_us = 0;
  std::string fingerprint = {};          // of its content and parameters; empty: kept before there were any
  Json id = {};                          // of a record that came alone, where it has one
  std::vector<std::string> record = {};  // its key, as in its address
};

// A key that came with values of another class than before.
struct Conflict {
  std::uint64_t commit = 0;
  std::int64_t record = 0;  // the first one, counted from 0 in the commit
  std::string key;
  std::string old_type;
  std::string new_type;
};

// Where a kind of a key of the record first came.
struct FirstSeen {
  std::string key;
  std::uint32_t kind = 0;
  std::int64_t record = 0;
};

// A record that was deleted: every version of it that was ingested before is gone.
struct KeptDelete {
  std::vector<std::string> fields;  // of the primary key
  std::vector<std::string> values;  // as text
  std::int64_t time_us = 0;
};

struct PartInfo {
  Kinds kinds;
  std::int64_t records = 0;
  std::int64_t time_us = 0;  // written
  std::vector<KeptRequest> requests;
  std::vector<FirstSeen> firsts;    // of a commit
  std::vector<Conflict> conflicts;  // of a part: those of what it was merged from
  std::vector<KeptDelete> deletes = {};
  bool keeps_older = false;  // of a commit: a record of it whose key was there before is not one

  // Of a merged part.
  std::string id;                                               // of its own; empty: a commit
  std::vector<std::pair<std::uint64_t, std::uint64_t>> covers;  // commits, both ends included
  std::vector<std::string> together;                            // ids of all parts of the merge
  std::vector<std::string> replaces;                            // ids of parts
};

Json to_json(const PartInfo& info);
Json to_json(const Conflict& conflict);
Json to_json(const std::vector<KeptDelete>& deletes);
std::vector<KeptDelete> kept_deletes_from_json(const Json& json);
PartInfo part_info_from_json(const Json& json);

}  // namespace canvasback
