// PullReport: what one pull did, for its owner: in the command's output, the log, GET /sources/{name}/reports, and the
// file reports.ndjson beside the table. A value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "task/pull_task.hpp"

namespace canvasback {

enum class PullResult {
  Loaded,     // the first load, or one of other columns, is complete
  Pulled,     // a cycle read the source
  Unchanged,  // the gate said that nothing changed
  Fresh,      // fresher than the source's file asks for: nothing was asked
  Failed
};
std::string_view name_of(PullResult result);

struct PullReport {
  std::string source;
  PullResult result = PullResult::Failed;
  std::string trigger;          // command, schedule, request
  std::int64_t started_us = 0;  // this machine's clock
  double seconds = 0;
  std::optional<Error> error;
  std::string server;         // version of the source's
  std::int64_t as_of_us = 0;  // the source's clock: all that was committed before is in the copy
  std::int64_t swept_us = 0, counted_us = 0;
  std::int64_t rows = 0;  // of the copy, behind it
  std::int64_t source_rows = -1;
  std::int64_t inserted = 0, updated = 0, deleted = 0;
  std::vector<PullTier> tiers;
  std::map<std::string, std::int64_t> nulled;
  std::vector<std::string> notes;
  std::size_t files_written = 0;
  std::uint64_t bytes_written = 0;
  std::size_t merges = 0;
  std::uint64_t version = 0;  // of the table
};

Json to_json(const PullReport& report);

}  // namespace canvasback
