// SourceTable: the table or query that is pulled, as this session sees it: its columns, its key, and the statements
// that read it. Every one of them is plain MySQL 5.7, and reads by an index: pages in the order of the key, or of the
// time of change and the key, each with a LIMIT. What is read is counted for the report. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "source/mysql/mysql_connection.hpp"
#include "task/pull_task.hpp"
#include "worker/roles/pull/page_size.hpp"
#include "worker/write/pulled_part_writer.hpp"

namespace canvasback {

// A place in an order of rows: of one with a time of change (empty where the order is the key's alone).
struct SourcePlace {
  std::string changed;  // literal of SQL
  KeyPlace key;
  bool empty() const { return key.empty(); }
};

// Keys and times of change, without the rows.
struct SourceKeys {
  KeyList keys;
  std::vector<std::int64_t> changed_us;
  std::vector<std::vector<std::string>> literals;
};

class SourceTable {
 public:
  // Asks the source for columns and key. Errors: those of the connection, InvalidData for a source's file that does not
  // fit (no key, columns that are not there, types that a key or a time cannot have).
  static Result<SourceTable> open(MysqlConnection& connection, const PullSource& source, const CancelToken& cancel);

  const std::vector<PulledColumn>& columns() const { return columns_; }
  const std::vector<std::string>& primary_key() const { return key_names_; }
  const SchemaPtr& schema() const { return schema_; }
  bool has_time() const { return !source_->updated_at.empty(); }
  // The time of change is a wall clock's, of no zone.
  bool has_local_times() const;
  bool is_query() const { return !source_->query.empty(); }

  // Statements that read whole rows: at most `limit`, in the order of the key behind a place; changed since a time, in
  // the order of that time behind a place; or those of keys.
  std::string rows_by_key(const SourcePlace& after, std::int64_t limit) const;
  std::string rows_by_time(std::int64_t from_us, const SourcePlace& after, std::int64_t limit) const;
  std::string rows_of(const std::vector<std::vector<std::string>>& keys) const;
  // Keys and times alone, out of the index.
  std::string keys_by_time(std::int64_t from_us, std::int64_t until_us, const SourcePlace& after,
                           std::int64_t limit) const;
  std::string keys_by_key(const SourcePlace& after, const SourcePlace& up_to, std::int64_t limit) const;
  // The key that so many rows are before, counted from behind a place or from the greatest key backwards.
  std::string key_at_offset(const SourcePlace& after, std::int64_t offset, bool backwards) const;
  std::string count(const SourcePlace& after) const;
  // Touches the table: until the transaction ends nobody replaces it.
  std::string touch() const;

  // Runs the statement that `sql` makes for a place and a limit. Where the source ends it because it took too long, the
  // page is what came until then, and the next ones are smaller.
  struct Page {
    std::int64_t rows = 0;
    bool is_last = false;
  };
  using PageSql = std::function<std::string(const SourcePlace& after, std::int64_t limit)>;
  using TakeRows = std::function<Status(const PulledRows& rows)>;
  struct PageRequest {
    PageSql sql;
    bool by_time = false;
    std::int64_t rows_max = INT64_MAX;  // whatever its size
  };
  Result<Page> read_page(const PageRequest& request, PageSize& size, SourcePlace& place, PullTier& tier,
                         const TakeRows& take);
  // Runs such a statement. `last` becomes the place of the last row; gives how many there were.
  Result<std::int64_t> read_rows(const std::string& sql, bool by_time, SourcePlace& last, PullTier& tier,
                                 const TakeRows& take);
  Result<std::int64_t> read_keys(const std::string& sql, bool by_time, SourcePlace& last, PullTier& tier,
                                 const std::function<Status(SourceKeys keys)>& take);

  // Values without an exact form that became NULL, by column, of all that was read.
  const std::map<std::string, std::int64_t>& nulled() const { return nulled_; }

 private:
  explicit SourceTable(MysqlConnection& connection) : connection_(&connection) {}

  Status take_rows_of(MysqlRows& stream, bool by_time, SourcePlace& last, PullTier& tier, const TakeRows& take) const;
  Status settle(std::vector<MysqlColumn> columns, std::vector<std::string> key);
  Status check_columns() const;
  const MysqlColumn* find(std::string_view name) const;
  Status add_key_columns();
  std::string select(bool whole, const std::string& where, const std::string& order, std::int64_t limit) const;
  Result<PulledRows> rows_of_batch(const BatchPtr& batch, SourcePlace* last, bool by_time) const;
  Result<SourceKeys> keys_of_batch(const BatchPtr& batch) const;
  Result<KeyList> key_bytes_of(const arrow::RecordBatch& batch, bool whole) const;
  Result<std::vector<std::string>> literals_at(const arrow::RecordBatch& batch, bool whole, std::int64_t row) const;
  Result<SourcePlace> place_at(const arrow::RecordBatch& batch, bool whole, bool by_time, std::int64_t row,
                               std::string key_bytes) const;
  std::vector<std::int64_t> times_of(const arrow::RecordBatch& batch, int column) const;

  MysqlConnection* connection_;
  const PullSource* source_ = nullptr;
  const CancelToken* cancel_ = nullptr;
  std::string from_;
  std::vector<MysqlColumn> mysql_columns_;
  std::vector<PulledColumn> columns_;
  std::vector<std::string> key_names_;
  SchemaPtr schema_;
  std::vector<MysqlColumn> row_columns_;  // of a statement for rows: the columns, then comparison bytes of text keys
  std::vector<MysqlColumn> key_columns_;  // of one for keys: the key, the comparison bytes, the time of change
  std::vector<std::string> comparison_;   // expressions of the comparison bytes, by key column; empty: the value itself
  std::map<std::string, std::int64_t> nulled_;
};

// A value of a batch as a literal that the source reads as the same value.
Result<std::string> literal_at(const MysqlColumn& column, const arrow::Array& array, std::int64_t row);
// A time in microseconds since 1970, as a literal of DATETIME(6).
std::string time_literal(std::int64_t time_us);

}  // namespace canvasback
