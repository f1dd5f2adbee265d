// Snapshot: the consistent view of the source that a pull reads in, and what is looked at around it so that it is one.
// A table that is replaced under a snapshot (RENAME, TRUNCATE) gives some of its rows, or none, without an error: so
// the table is touched right behind the start, which keeps others from replacing it, and its identity is compared
// before, after and at the end. A snapshot holds back the source's purge: it is never older than kSnapshotAgeMax.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "source/mysql/mysql_connection.hpp"
#include "task/pull_task.hpp"
#include "worker/roles/pull/source_table.hpp"

namespace canvasback {

inline constexpr std::chrono::seconds kSnapshotAgeMax{45};

// What a source says of itself, outside of any snapshot.
struct SourceState {
  std::int64_t now_us = 0;  // its clock, as the column of changes has it
  std::int64_t utc_us = 0;  // and in UTC
  std::string server;       // @@server_uuid
  std::string change_mark;  // what changes with every change (GTIDs, or a time of update); empty: unknown
  std::string definition;   // a digest of SHOW CREATE TABLE without AUTO_INCREMENT; empty: of a query
  std::string created;      // CREATE_TIME; empty: of a query
};

class Snapshot {
 public:
  // All of them outlive it.
  Snapshot(MysqlConnection& connection, const SourceTable& table, const PullSource& source)
      : connection_(connection), table_(table), source_(source) {}

  // The first, right behind a look at the source. Errors: Unavailable where the table was replaced meanwhile.
  Status begin(SourceState before);
  // A new one where this one is old; between two statements.
  Status renew_if_old();
  // Compares and ends it.
  Status end();

  // As it was before the first snapshot.
  const SourceState& before() const { return before_; }
  std::int64_t count() const { return count_; }

 private:
  Status start();
  // Errors: Unavailable with this message, where the table is another one than before the first.
  Status compare(std::string_view message);

  MysqlConnection& connection_;
  const SourceTable& table_;
  const PullSource& source_;
  SourceState before_;
  Stopwatch age_;
  std::int64_t count_ = 0;
};

Result<SourceState> look_at_source(MysqlConnection& connection, const PullSource& source, bool has_local_times);

// How the source would run a statement.
struct SourceAccess {
  std::string text;        // "range on updated_at"
  std::int64_t rows = -1;  // it expects to look at
  bool uses_index = false;
  bool sorts = false;

  // Neither a sort nor a scan of a table that is worth the name.
  bool is_gentle() const;
};
Result<SourceAccess> explain(MysqlConnection& connection, const std::string& sql);

}  // namespace canvasback
