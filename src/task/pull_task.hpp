// The task of the role `pull`: one cycle, a piece of a load, or a check of one source, and what a worker says of it.
// The worker connects to the source and opens nothing else: it asks the front for the files that it reads and writes,
// by the names below. Wire form: JSON.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "net/mysql_login.hpp"
#include "storage/table/pulled/pulled_table.hpp"

namespace canvasback {

// What the owner's file says of a source (docs/pull.md).
struct PullSource {
  std::string name;  // of the file, the source and the dataset
  MysqlLogin login;
  std::string table;                     // of the login's database; or
  std::string query;                     // a SELECT, whose key must be told
  std::vector<std::string> primary_key;  // empty: the table's own
  std::string updated_at;                // empty: changes are found by the sweep alone
  std::string partition_by;              // empty: no partitions
  PeriodLength partition_every = PeriodLength::Month;
  std::int64_t hot_window_s = 900;
  std::int64_t look_back_s = 172'800;
  std::int64_t sweep_rows = 1'000'000;  // read a cycle; 0: no sweep
  bool deletes = true;
  double deletes_share_max = 0.01;             // of the table's rows, a cycle; but 1,000 rows are never too many
  std::map<std::string, std::string> columns;  // types instead of the declared ones

  bool operator==(const PullSource&) const = default;
};

enum class PullKind {
  Check,  // writes nothing: mapping of the columns, statements and how the source runs them
  Load,   // some seconds of a load: table.load says where it goes on
  Cycle
};

struct PullWork {
  PullSource source;
  PullKind kind = PullKind::Cycle;
  PulledTable table;         // as it is; of one that was never pulled, its name alone
  bool ignore_mark = false;  // read also where the gate says that nothing changed
  bool sweep_all = false;    // the whole table in this cycle
  bool any_deletes = false;  // however many
  bool after_load = false;   // the first cycle: whole rows were read just now
  std::int64_t threads = 1;
};

struct PullTier {
  std::string name;  // gate, hot_window, look_back, sweep, deletes, load
  std::int64_t statements = 0;
  std::int64_t rows = 0;  // that the source sent
  std::uint64_t bytes = 0;
  std::int64_t changed = 0;  // of them, that the copy did not have so
  double seconds = 0;
};

// What --check shows of one column, and of one statement.
struct PullColumnPlan {
  PulledColumn column;
  std::string note;  // what happens to values that have no exact form; empty: nothing can
};
struct PullStatementPlan {
  std::string purpose;
  std::string sql;
  std::string access;  // how the source runs it, of its EXPLAIN
  std::int64_t rows = -1;
  bool uses_index = false;
};

struct PullOutcome {
  bool is_unchanged = false;        // the gate: nothing was read
  bool is_complete = true;          // of a Load: there is nothing behind load.key
  std::string schema_change;        // not empty: the source's columns are others now; nothing was read
  bool change_is_additive = false;  // only new columns and wider types
  std::vector<PulledColumn> columns;
  std::vector<std::string> primary_key;
  std::vector<PulledPart> parts;  // numbered from table.next_number on, in the order in which they were asked for
  std::map<std::uint64_t, std::vector<std::int64_t>> dead;  // rows of parts that were there, by part
  PullCursor cursor;                                        // of a Cycle
  PullLoad load;                                            // of a Load; without parts

  // The report.
  std::int64_t began_us = 0;  // the source's clock
  std::int64_t inserted = 0, updated = 0, deleted = 0;
  std::int64_t source_rows = -1;  // counted, where all were
  std::vector<PullTier> tiers;
  std::map<std::string, std::int64_t> nulled;      // values that have no exact form and became NULL, by column
  std::vector<std::string> notes;                  // sentences
  std::string server;                              // version
  std::vector<PullColumnPlan> column_plans;        // of a Check
  std::vector<PullStatementPlan> statement_plans;  // of a Check
  std::vector<std::string> grants;                 // of a Check
};

// What NeedFile asks for: a new part in the folder `period` and then its key map; the part `number`, and its key map.
inline constexpr std::string_view kNeedPulledPart = "pulled_part";
inline constexpr std::string_view kNeedKeyMap = "key_map";
inline constexpr std::string_view kNeedInputPart = "input_part";
inline constexpr std::string_view kNeedInputKeyMap = "input_key_map";

// Some live rows of a pulled table, written anew (role maintain): `files` are the inputs' rows, of parts in `recent`
// only those of the period.
struct PulledMergeWork {
  PulledTable table;  // with the inputs alone
  Dataset files;      // of the inputs, in their order
  std::string period;
};

Json to_json(const PullSource& source);
Result<PullSource> pull_source_from_json(const Json& json);
Json to_json(const PullWork& work);
Result<PullWork> pull_work_from_json(const Json& json);
Json to_json(const PullOutcome& outcome);
Result<PullOutcome> pull_outcome_from_json(const Json& json);
Json to_json(const PulledMergeWork& work);
Result<PulledMergeWork> pulled_merge_work_from_json(const Json& json);

Json to_json(const PullTier& tier);
PullTier pull_tier_from_json(const Json& json);

}  // namespace canvasback
