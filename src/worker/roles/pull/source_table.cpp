#include "worker/roles/pull/source_table.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/limits.hpp"
#include "record/type_name.hpp"
#include "source/mysql/mysql_sql.hpp"
#include "storage/table/pulled/key_bytes.hpp"
#include "storage/table/pulled/row_hashes.hpp"

namespace canvasback {
namespace {

constexpr int kDecimalDigitsMax = 38;

bool is_time(const MysqlColumn& column) {
  return column.type.kind == MysqlKind::DateTime || column.type.kind == MysqlKind::Timestamp ||
         column.type.kind == MysqlKind::Date;
}

// A time of change of a row, or of its partition: microseconds since 1970.
std::int64_t time_at(const arrow::Array& array, std::int64_t row) {
  if (array.IsNull(row)) return kNoTime;
  if (array.type_id() == arrow::Type::DATE32) {
    return std::int64_t{static_cast<const arrow::Date32Array&>(array).Value(row)} * 86'400'000'000;
  }
  return static_cast<const arrow::TimestampArray&>(array).Value(row);
}

std::string where_of(const std::vector<std::string>& conditions) {
  if (conditions.empty()) return {};
  return fmt::format(" WHERE ({})", fmt::join(conditions, ") AND ("));
}

Error unfit(std::string message) { return Error{ErrorCode::InvalidData, std::move(message), {}, {}, {}}; }

}  // namespace

Result<SourceTable> SourceTable::open(MysqlConnection& connection, const PullSource& source,
                                      const CancelToken& cancel) {
  SourceTable out(connection);
  out.source_ = &source;
  out.cancel_ = &cancel;
  std::vector<std::string> key = source.primary_key;
  std::vector<MysqlColumn> columns;
  if (out.is_query()) {
    out.from_ = fmt::format("({}) AS pulled", source.query);
    CANVASBACK_ASSIGN(columns, connection.columns_of_query(source.query));
  } else {
    out.from_ = mysql::identifier(source.login.database, source.table);
    CANVASBACK_ASSIGN(columns, connection.columns(source.table));
    if (key.empty()) {
      CANVASBACK_ASSIGN(key, connection.primary_key(source.table));
    }
  }
  CANVASBACK_TRY(out.settle(std::move(columns), std::move(key)));
  return out;
}

const MysqlColumn* SourceTable::find(std::string_view name) const {
  const auto found = std::ranges::find(mysql_columns_, name, &MysqlColumn::name);
  return found == mysql_columns_.end() ? nullptr : &*found;
}

bool SourceTable::has_local_times() const {
  return has_time() && find(source_->updated_at)->type.kind != MysqlKind::Timestamp;
}

Status SourceTable::settle(std::vector<MysqlColumn> columns, std::vector<std::string> key) {
  for (MysqlColumn& column : columns) {
    const auto told = source_->columns.find(column.name);
    if (told != source_->columns.end()) column.read_as = told->second;
    // No file of ours has wider numbers; their digits are exact as text.
    const bool is_wide = column.type.kind == MysqlKind::Decimal && column.type.precision > kDecimalDigitsMax;
    if (is_wide && column.read_as.empty()) column.read_as = "text";
  }
  mysql_columns_ = std::move(columns);
  key_names_ = std::move(key);
  CANVASBACK_TRY(check_columns());
  CANVASBACK_ASSIGN(schema_, arrow_schema_of(mysql_columns_));
  for (std::size_t i = 0; i < mysql_columns_.size(); ++i) {
    const MysqlColumn& column = mysql_columns_[i];
    columns_.push_back(
        {column.name, column.declared, sql_type_name(*schema_->field(static_cast<int>(i))), column.nullable});
  }
  return add_key_columns();
}

Status SourceTable::check_columns() const {
  for (const auto& [name, type] : source_->columns) {
    if (find(name) == nullptr)
      return std::unexpected(unfit(fmt::format("There is no column \"{}\" to read as {}.", name, type)));
  }
  if (key_names_.empty()) {
    return std::unexpected(unfit("The table has no primary key: name the columns of a unique key as primary_key."));
  }
  for (const std::string& name : key_names_) {
    const MysqlColumn* column = find(name);
    if (column == nullptr)
      return std::unexpected(unfit(fmt::format("There is no column \"{}\" of the primary key.", name)));
    if (column->type.kind == MysqlKind::Float || column->type.kind == MysqlKind::Double || !column->read_as.empty()) {
      return std::unexpected(unfit(fmt::format("Column \"{}\" ({}) cannot be part of a key.", name, column->declared)));
    }
  }
  for (const auto& [setting, name] :
       {std::pair{"updated_at", source_->updated_at}, {"partition_by", source_->partition_by}}) {
    if (name.empty()) continue;
    const MysqlColumn* column = find(name);
    if (column == nullptr) return std::unexpected(unfit(fmt::format("There is no column \"{}\" ({}).", name, setting)));
    if (!is_time(*column) || !column->read_as.empty()) {
      return std::unexpected(unfit(fmt::format("{} must be a DATE, DATETIME or TIMESTAMP, and column \"{}\" is {}.",
                                               setting, name, column->declared)));
    }
  }
  return {};
}

// Text keys are compared as the source compares them: it sends the bytes of its comparison beside them.
Status SourceTable::add_key_columns() {
  row_columns_ = mysql_columns_;
  for (const std::string& name : key_names_) key_columns_.push_back(*find(name));
  for (std::size_t i = 0; i < key_names_.size(); ++i) {
    const MysqlColumn& column = *find(key_names_[i]);
    comparison_.emplace_back();
    if (column.collation.empty()) continue;
    CANVASBACK_ASSIGN(comparison_.back(), mysql::key_bytes(column));
    MysqlColumn bytes;
    bytes.name = fmt::format("canvasback_key_{}", i);
    bytes.declared = "varbinary";
    bytes.type.kind = MysqlKind::Binary;
    row_columns_.push_back(bytes);
    key_columns_.push_back(std::move(bytes));
  }
  if (has_time()) key_columns_.push_back(*find(source_->updated_at));
  return {};
}

std::string SourceTable::select(bool whole, const std::string& where, const std::string& order,
                                std::int64_t limit) const {
  std::vector<std::string> list;
  std::size_t key = 0;
  for (const MysqlColumn& column : whole ? row_columns_ : key_columns_) {
    if (!column.name.starts_with("canvasback_key_") || find(column.name) != nullptr) {
      list.push_back(mysql::identifier(column.name));
      continue;
    }
    while (comparison_[key].empty()) ++key;
    list.push_back(fmt::format("{} AS {}", comparison_[key++], mysql::identifier(column.name)));
  }
  std::string sql = fmt::format("SELECT {} FROM {}{}", fmt::join(list, ", "), from_, where);
  if (!order.empty()) sql += " ORDER BY " + order;
  if (limit > 0) sql += fmt::format(" LIMIT {}", limit);
  return sql;
}

std::string SourceTable::rows_by_key(const SourcePlace& after, std::int64_t limit) const {
  std::vector<std::string> conditions;
  if (!after.empty()) conditions.push_back(mysql::rows_after(key_names_, after.key.literals));
  return select(true, where_of(conditions), mysql::column_list(key_names_), limit);
}

namespace {

std::vector<std::string> with_time(const std::string& time, const std::vector<std::string>& key) {
  std::vector<std::string> out{time};
  out.insert(out.end(), key.begin(), key.end());
  return out;
}

}  // namespace

std::string SourceTable::rows_by_time(std::int64_t from_us, const SourcePlace& after, std::int64_t limit) const {
  const auto order = with_time(source_->updated_at, key_names_);
  std::vector<std::string> conditions;
  if (after.empty()) {
    conditions.push_back(fmt::format("{} >= {}", mysql::identifier(source_->updated_at), time_literal(from_us)));
  } else {
    // The first of these is what the index is entered by: the other alone would be a full scan.
    conditions.push_back(fmt::format("{} >= {}", mysql::identifier(source_->updated_at), after.changed));
    conditions.push_back(mysql::rows_after(order, with_time(after.changed, after.key.literals)));
  }
  return select(true, where_of(conditions), mysql::column_list(order), limit);
}

std::string SourceTable::keys_by_time(std::int64_t from_us, std::int64_t until_us, const SourcePlace& after,
                                      std::int64_t limit) const {
  const auto order = with_time(source_->updated_at, key_names_);
  const std::string time = mysql::identifier(source_->updated_at);
  std::vector<std::string> conditions{fmt::format("{} < {}", time, time_literal(until_us))};
  if (after.empty()) {
    conditions.push_back(fmt::format("{} >= {}", time, time_literal(from_us)));
  } else {
    conditions.push_back(fmt::format("{} >= {}", time, after.changed));
    conditions.push_back(mysql::rows_after(order, with_time(after.changed, after.key.literals)));
  }
  return select(false, where_of(conditions), mysql::column_list(order), limit);
}

std::string SourceTable::rows_of(const std::vector<std::vector<std::string>>& keys) const {
  std::vector<std::string> alternatives;
  for (const auto& key : keys) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < key.size(); ++i) {
      parts.push_back(fmt::format("{} = {}", mysql::identifier(key_names_[i]), key[i]));
    }
    alternatives.push_back(key.size() == 1 ? key[0] : fmt::format("({})", fmt::join(parts, " AND ")));
  }
  const std::string where = key_names_.size() == 1 ? fmt::format("{} IN ({})", mysql::identifier(key_names_[0]),
                                                                 fmt::join(alternatives, ", "))
                                                   : fmt::format("{}", fmt::join(alternatives, " OR "));
  return select(true, " WHERE " + where, "", 0);
}

std::string SourceTable::keys_by_key(const SourcePlace& after, const SourcePlace& up_to, std::int64_t limit) const {
  std::vector<std::string> conditions;
  if (!after.empty()) conditions.push_back(mysql::rows_after(key_names_, after.key.literals));
  if (!up_to.empty()) conditions.push_back(mysql::rows_before(key_names_, up_to.key.literals, true));
  return select(false, where_of(conditions), mysql::column_list(key_names_), limit);
}

std::string SourceTable::key_at_offset(const SourcePlace& after, std::int64_t offset, bool backwards) const {
  std::vector<std::string> conditions;
  if (!after.empty()) conditions.push_back(mysql::rows_after(key_names_, after.key.literals));
  std::vector<std::string> order;
  for (const std::string& name : key_names_) order.push_back(mysql::identifier(name) + (backwards ? " DESC" : ""));
  return select(false, where_of(conditions), fmt::format("{}", fmt::join(order, ", ")), 1) +
         fmt::format(" OFFSET {}", offset);
}

std::string SourceTable::count(const SourcePlace& after) const {
  std::vector<std::string> conditions;
  if (!after.empty()) conditions.push_back(mysql::rows_after(key_names_, after.key.literals));
  return fmt::format("SELECT COUNT(*) FROM {}{}", from_, where_of(conditions));
}

std::string SourceTable::touch() const { return fmt::format("SELECT 1 FROM {} LIMIT 1", from_); }

std::vector<std::int64_t> SourceTable::times_of(const arrow::RecordBatch& batch, int column) const {
  std::vector<std::int64_t> out;
  out.reserve(static_cast<std::size_t>(batch.num_rows()));
  for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
    out.push_back(column < 0 ? kNoTime : time_at(*batch.column(column), row));
  }
  return out;
}

Result<KeyList> SourceTable::key_bytes_of(const arrow::RecordBatch& batch, bool whole) const {
  arrow::ArrayVector arrays;
  int comparison = static_cast<int>(whole ? mysql_columns_.size() : key_names_.size());
  for (std::size_t i = 0; i < key_names_.size(); ++i) {
    if (!comparison_[i].empty()) {
      arrays.push_back(batch.column(comparison++));
    } else {
      arrays.push_back(batch.column(whole ? schema_->GetFieldIndex(key_names_[i]) : static_cast<int>(i)));
    }
  }
  CANVASBACK_ASSIGN(const KeyBytes bytes, KeyBytes::of(std::move(arrays)));
  KeyList out;
  const auto rows = static_cast<std::size_t>(batch.num_rows());
  out.reserve(rows, rows * kKeyBytesMin);
  for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
    CANVASBACK_TRY(bytes.append(row, out.bytes()));
    out.end_key();
  }
  return out;
}

Result<std::vector<std::string>> SourceTable::literals_at(const arrow::RecordBatch& batch, bool whole,
                                                          std::int64_t row) const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < key_names_.size(); ++i) {
    const int column = whole ? schema_->GetFieldIndex(key_names_[i]) : static_cast<int>(i);
    CANVASBACK_ASSIGN(std::string text, literal_at(*find(key_names_[i]), *batch.column(column), row));
    out.push_back(std::move(text));
  }
  return out;
}

Result<SourcePlace> SourceTable::place_at(const arrow::RecordBatch& batch, bool whole, bool by_time, std::int64_t row,
                                          std::string key_bytes) const {
  SourcePlace out;
  CANVASBACK_ASSIGN(out.key.literals, literals_at(batch, whole, row));
  out.key.bytes = std::move(key_bytes);
  if (by_time) {
    const int column = whole ? schema_->GetFieldIndex(source_->updated_at) : batch.num_columns() - 1;
    CANVASBACK_ASSIGN(out.changed, literal_at(*find(source_->updated_at), *batch.column(column), row));
  }
  return out;
}

namespace {

// Rows of one period often follow each other: the one before is looked at first.
void add_periods(const std::vector<std::int64_t>& times, PeriodLength length, PulledRows& rows) {
  std::vector<Period> known(1);  // the first has no times
  std::uint32_t last = 0;
  for (std::size_t row = 0; row < times.size(); ++row) {
    if (times[row] == kNoTime) continue;
    if (last == 0 || !known[last].contains(times[row])) {
      const auto found = std::ranges::find_if(known, [&](const Period& period) { return period.contains(times[row]); });
      last = static_cast<std::uint32_t>(found - known.begin());
      if (found == known.end()) {
        known.push_back(period_of(times[row], length));
        rows.periods.push_back(known.back().name);
      }
    }
    rows.period_of[row] = last;
  }
}

}  // namespace

Result<PulledRows> SourceTable::rows_of_batch(const BatchPtr& batch, SourcePlace* last, bool by_time) const {
  PulledRows out;
  CANVASBACK_ASSIGN(out.keys, key_bytes_of(*batch, true));
  const auto count = static_cast<int>(mysql_columns_.size());
  arrow::ArrayVector columns(batch->columns().begin(), batch->columns().begin() + count);
  out.values = arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns));
  CANVASBACK_ASSIGN(out.hashes, row_hashes(*out.values));
  out.changed_us = times_of(*out.values, has_time() ? schema_->GetFieldIndex(source_->updated_at) : -1);
  const bool is_partitioned = !source_->partition_by.empty();
  out.periods.emplace_back(is_partitioned ? kNoPeriod : kWholeTable);
  out.period_of.assign(out.keys.size(), 0);
  if (is_partitioned) {
    add_periods(times_of(*out.values, schema_->GetFieldIndex(source_->partition_by)), source_->partition_every, out);
  }
  if (last != nullptr && batch->num_rows() > 0) {
    CANVASBACK_ASSIGN(*last, place_at(*batch, true, by_time, batch->num_rows() - 1, std::string(out.keys.back())));
  }
  return out;
}

Result<SourceKeys> SourceTable::keys_of_batch(const BatchPtr& batch) const {
  SourceKeys out;
  CANVASBACK_ASSIGN(out.keys, key_bytes_of(*batch, false));
  out.changed_us = times_of(*batch, has_time() ? batch->num_columns() - 1 : -1);
  for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
    CANVASBACK_ASSIGN(auto literals, literals_at(*batch, false, row));
    out.literals.push_back(std::move(literals));
  }
  return out;
}

namespace {

struct TierClock {
  explicit TierClock(PullTier& of) : tier(of) { ++tier.statements; }
  ~TierClock() { tier.seconds += watch.elapsed_ms() / 1000; }
  PullTier& tier;
  Stopwatch watch;
};

MysqlStreamOptions options_of(const CancelToken& cancel) {
  MysqlStreamOptions options;
  options.cancel = cancel;
  return options;
}

}  // namespace

Status SourceTable::take_rows_of(MysqlRows& stream, bool by_time, SourcePlace& last, PullTier& tier,
                                 const TakeRows& take) const {
  while (true) {
    CANVASBACK_ASSIGN(const BatchPtr batch, stream.next());
    if (!batch) return {};
    CANVASBACK_ASSIGN(const PulledRows rows, rows_of_batch(batch, &last, by_time));
    tier.rows += rows.rows();
    CANVASBACK_TRY(take(rows));
  }
}

Result<std::int64_t> SourceTable::read_rows(const std::string& sql, bool by_time, SourcePlace& last, PullTier& tier,
                                            const TakeRows& take) {
  const TierClock clock(tier);
  const std::int64_t before = tier.rows;
  CANVASBACK_ASSIGN(const auto stream, connection_->stream(sql, row_columns_, options_of(*cancel_)));
  const Status ended = take_rows_of(*stream, by_time, last, tier, take);
  tier.bytes += stream->bytes_read();
  const auto counts = stream->counts();
  for (std::size_t i = 0; i < mysql_columns_.size(); ++i) {
    if (counts[i].zero_dates > 0) nulled_[mysql_columns_[i].name] += static_cast<std::int64_t>(counts[i].zero_dates);
  }
  if (!ended) return std::unexpected(ended.error());
  return tier.rows - before;
}

Result<SourceTable::Page> SourceTable::read_page(const PageRequest& request, PageSize& size, SourcePlace& place,
                                                 PullTier& tier, const TakeRows& take) {
  while (true) {
    const std::int64_t before = tier.rows;
    const std::int64_t limit = std::min(size.rows(), request.rows_max);
    const Stopwatch watch;
    const auto count = read_rows(request.sql(place, limit), request.by_time, place, tier, take);
    const std::int64_t rows = tier.rows - before;
    if (count) {
      if (*count == size.rows()) size.took(watch.elapsed_ms() / 1000);
      return Page{*count, *count < limit};
    }
    const bool may_go_on = count.error().code == ErrorCode::QueryTimeout && !connection_->broken();
    if (!may_go_on || !size.shrink()) return std::unexpected(count.error());
    if (rows > 0) return Page{rows, false};
  }
}

Result<std::int64_t> SourceTable::read_keys(const std::string& sql, bool by_time, SourcePlace& last, PullTier& tier,
                                            const std::function<Status(SourceKeys keys)>& take) {
  const TierClock clock(tier);
  CANVASBACK_ASSIGN(const auto stream, connection_->stream(sql, key_columns_, options_of(*cancel_)));
  std::int64_t count = 0;
  while (true) {
    CANVASBACK_ASSIGN(const BatchPtr batch, stream->next());
    if (!batch) break;
    CANVASBACK_ASSIGN(SourceKeys keys, keys_of_batch(batch));
    count += batch->num_rows();
    CANVASBACK_ASSIGN(last, place_at(*batch, false, by_time, batch->num_rows() - 1, std::string(keys.keys.back())));
    CANVASBACK_TRY(take(std::move(keys)));
  }
  tier.rows += count;
  tier.bytes += stream->bytes_read();
  return count;
}

std::string time_literal(std::int64_t time_us) {
  using namespace std::chrono;
  const sys_time<microseconds> time{microseconds(time_us)};
  const sys_days day = floor<days>(time);
  const year_month_day date(day);
  const std::int64_t rest = (time - day).count();
  return fmt::format("'{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}'", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), rest / 3'600'000'000,
                     rest / 60'000'000 % 60, rest / 1'000'000 % 60, rest % 1'000'000);
}

namespace {

template <class ArrayType>
std::string number_at(const arrow::Array& array, std::int64_t row) {
  return fmt::format("{}", static_cast<const ArrayType&>(array).Value(row));
}

}  // namespace

Result<std::string> literal_at(const MysqlColumn& column, const arrow::Array& array, std::int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::BOOL: return std::string(static_cast<const arrow::BooleanArray&>(array).Value(row) ? "1" : "0");
    case arrow::Type::INT8: return number_at<arrow::Int8Array>(array, row);
    case arrow::Type::INT16: return number_at<arrow::Int16Array>(array, row);
    case arrow::Type::INT32: return number_at<arrow::Int32Array>(array, row);
    case arrow::Type::INT64: return number_at<arrow::Int64Array>(array, row);
    case arrow::Type::UINT8: return number_at<arrow::UInt8Array>(array, row);
    case arrow::Type::UINT16: return number_at<arrow::UInt16Array>(array, row);
    case arrow::Type::UINT32: return number_at<arrow::UInt32Array>(array, row);
    case arrow::Type::UINT64: return number_at<arrow::UInt64Array>(array, row);
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP: return time_literal(time_at(array, row));
    case arrow::Type::DECIMAL128: return static_cast<const arrow::Decimal128Array&>(array).FormatValue(row);
    case arrow::Type::STRING: {
      const std::string_view text = static_cast<const arrow::StringArray&>(array).GetView(row);
      // An ENUM or SET is sorted by its number, and a TIME is none that is in order as text.
      return column.type.kind == MysqlKind::Text ? mysql::text_literal(text) : mysql::literal(column, text);
    }
    case arrow::Type::BINARY: return mysql::binary_literal(static_cast<const arrow::BinaryArray&>(array).GetView(row));
    default: return fail(ErrorCode::InvalidData, fmt::format("Column \"{}\" cannot be part of a key.", column.name));
  }
}

}  // namespace canvasback
