// PulledTable: the copy of a table of another database, as its state file says: its columns, its parts, which rows of
// these are part of it no more, and how far the copy is. The state file is the truth: a cycle writes parts and key maps
// under new names and then replaces this one file, so a reader sees one cycle or the next and never a mix.
//
//   tables/NAME/table.json
//   tables/NAME/PERIOD/part-000017.parquet   rows of one period (2025-10), sorted by the partition column and the key;
//                                            `all` where the table has no partitions, `none` for rows without a time
//   tables/NAME/recent/part-000018.parquet   the rows that a cycle changed, of any period, until they are merged
//   …/part-000017.keys                       beside each part: key_map.hpp
//
// A value, with its JSON form. No I/O but for dataset_of().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "storage/dataset.hpp"
#include "storage/table/pulled/period.hpp"
#include "storage/table/pulled/row_set.hpp"

namespace canvasback {

inline constexpr const char* kTablesFolder = "tables";  // of the data folder
inline constexpr const char* kTableStateFile = "table.json";
inline constexpr std::int64_t kPulledPartRows = 262'144;  // of a part that a cycle or a load writes
inline constexpr std::string_view kKeyMapSuffix = ".keys";
inline constexpr std::string_view kRecent = "recent";  // the folder of parts of several periods

struct PulledColumn {
  std::string name;
  std::string declared;  // as the source has it, such as decimal(12,2) unsigned
  std::string type;      // of the dataset, such as DECIMAL(12,2)
  bool nullable = true;

  bool operator==(const PulledColumn&) const = default;
};

struct PulledPart {
  std::uint64_t number = 0;
  std::string period;  // the name of its folder
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;
  std::vector<std::int64_t> row_group_rows;
  std::uint64_t key_map_bytes = 0;
  std::string least;                            // key, and
  std::string greatest;                         // both empty where it has no rows
  std::map<std::string, std::int64_t> periods;  // of one in `recent`: how many of its rows were of each when written
  RowSet dead;                                  // rows that were deleted, or have a later version in another part

  std::int64_t live_rows() const { return rows - dead.count(); }
  std::string path() const;          // below the table's folder, and
  std::string key_map_path() const;  // of the key map
};

// A place in the order of the source's key: of a row's key, behind which something goes on.
struct KeyPlace {
  std::vector<std::string> literals;  // of SQL, by column of the key
  std::string bytes;                  // key_bytes.hpp
  bool empty() const { return literals.empty(); }
};

// How far the copy is. Times are the source's clock in UTC, in microseconds since 1970; 0: not yet.
struct PullCursor {
  std::int64_t as_of_us = 0;     // of the last cycle that read: all that was committed before is in the copy
  std::int64_t snapshot_us = 0;  // the same as the column of changes has it: it may be a wall clock of another zone
  std::int64_t checked_us = 0;   // of the last cycle that found nothing changed, or read
  std::string server;            // the source's server_uuid
  std::string change_mark;       // what the gate saw at that snapshot (GTIDs, or a time of update); empty: unknown
  std::string definition;        // SHOW CREATE TABLE without what grows, as a digest
  std::string created;           // CREATE_TIME
  std::int64_t loaded_us = 0;    // when the load of this copy began; 0: there is no copy yet
  KeyPlace sweep;                // the sweep goes on behind this key
  std::int64_t sweep_began_us = 0;
  std::string sweep_mark;     // the change mark then
  std::int64_t swept_us = 0;  // when the last whole sweep began
  std::string swept_mark;     // and the mark, where it was the same at its end: nothing is left to be found
  KeyPlace count;             // deletes: counted up to this key
  std::int64_t count_began_us = 0;
  std::string count_mark;
  std::int64_t counted_us = 0;  // when the last counting of all ranges began
  std::string counted_mark;
};

// A copy that is being made of the whole table: the first one, or one of other columns. It is read in several
// snapshots; nobody sees its parts until it is complete and a cycle has made one state of them.
struct PullLoad {
  bool is_complete = false;
  std::vector<PulledColumn> columns;
  std::vector<std::string> primary_key;
  std::vector<PulledPart> parts;
  KeyPlace place;             // goes on behind it
  std::int64_t began_us = 0;  // before its first snapshot, as PullCursor::snapshot_us
  std::int64_t began_utc_us = 0;
  std::string server;  // as in the cursor
  std::string definition;
  std::string created;
};

struct PulledTable {
  std::string name;
  std::uint64_t version = 0;  // counts the state files
  std::vector<PulledColumn> columns;
  std::vector<std::string> primary_key;
  std::string partition_by;  // empty: not partitioned
  PeriodLength partition_every = PeriodLength::Month;
  std::vector<PulledPart> parts;
  std::uint64_t next_number = 1;  // of parts
  PullCursor cursor;
  std::optional<PullLoad> load;
  // Parts that are none of the table's any more: their files stay for who reads an earlier version.
  struct Gone {
    std::string path;
    std::string key_map_path;
    std::int64_t since_us = 0;
  };
  std::vector<Gone> gone;

  bool is_loaded() const { return cursor.loaded_us != 0; }
  std::int64_t rows() const;
  const PulledPart* find(std::uint64_t number) const;
  PulledPart* find(std::uint64_t number);
  // Of the load, too.
  const PulledPart* find_anywhere(std::uint64_t number) const;
};

Json to_json(const PulledTable& table);
// Errors: InvalidData where it is no state of a table, or of a later format.
Result<PulledTable> pulled_table_from_json(const Json& json);

Json to_json(const PullLoad& load);
Result<PullLoad> pull_load_from_json(const Json& json);
Json to_json(const PulledPart& part);
Result<PulledPart> pulled_part_from_json(const Json& json);
Json to_json(const PullCursor& cursor);
PullCursor pull_cursor_from_json(const Json& json);
Json to_json(const std::vector<PulledColumn>& columns);
std::vector<PulledColumn> pulled_columns_from_json(const Json& json);

// The files of parts and their key maps, in that folder, as they were written: without identity.
std::vector<DataFile> files_of(const PulledTable& table, const std::string& folder);

// The dataset of a loaded table in that folder: its parts without the dead rows. Errors: Unavailable where a part is
// not there, InvalidData where it has another size.
Result<Dataset> dataset_of(const PulledTable& table, const std::string& folder);

// Whether a file in the folder of a period or in `recent` is named as parts and key maps are, finished or not.
bool is_part_file_name(std::string_view name);
inline constexpr std::string_view kUnfinishedPrefix = ".writing-";

}  // namespace canvasback
