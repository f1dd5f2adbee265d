#include "worker/roles/query/record_task.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "source/records/json_members.hpp"
#include "sql/sql_builder.hpp"
#include "task/record_task.hpp"
#include "worker/roles/query/answer.hpp"
#include "worker/roles/query/narrowed.hpp"
#include "worker/roles/query/record_text.hpp"

namespace canvasback {
namespace {

// A batch of one row, by the exact names of its columns: the engine makes others of names that differ in case alone.
class OneRow final : public BatchStream {
 public:
  explicit OneRow(BatchPtr batch) : batch_(std::move(batch)), schema_(batch_->schema()) {}
  SchemaPtr schema() const override { return schema_; }
  Result<BatchPtr> next() override { return std::exchange(batch_, nullptr); }

 private:
  BatchPtr batch_;
  SchemaPtr schema_;
};

// Columns are named by their position: c0, c1, …
std::string column_at(std::size_t position) { return fmt::format("c{}", position); }

bool is_whole(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// That a column has the value; empty: it cannot.
std::string condition_on(const std::string& column, const std::string& type, const std::string& value) {
  const std::string literal = sql_literal(value);
  if (type == "VARCHAR") return fmt::format("{} = {}", column, literal);
  // The engine rounds 1.5 where it casts.
  if ((type == "BIGINT" || type.starts_with("DECIMAL")) && !is_whole(value)) return {};
  if (type.starts_with("STRUCT") || type.ends_with("[]") || type == "BLOB") return {};
  return fmt::format("{} = TRY_CAST({} AS {})", column, literal, type);
}

// The newest row of the key, by position; empty: no row can have it.
std::string record_sql(const Dataset& dataset, const RecordWork& work, const std::vector<KindColumn>& places) {
  std::vector<std::string> names;
  std::string stamp;
  for (std::size_t i = 0; i < places.size(); ++i) {
    names.push_back(column_at(i));
    if (places[i].name == kIngestedAtColumn) stamp = names.back();
  }
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < work.key.size(); ++i) {
    std::vector<std::string> any;
    for (std::size_t at = 0; at < places.size(); ++at) {
      if (places[at].key != work.key[i].name) continue;
      const std::string type = sql_type_of(*work.kinds.find(places[at].key), places[at].role);
      std::string one = condition_on(names[at], type, work.values[i]);
      if (!one.empty()) any.push_back(std::move(one));
    }
    if (any.empty()) return {};
    conditions.push_back(fmt::format("({})", fmt::join(any, " OR ")));
  }
  return fmt::format("SELECT * FROM (SELECT * FROM {}) AS record({}) WHERE {} ORDER BY {} DESC LIMIT 1",
                     relation_sql(dataset), fmt::join(names, ", "), fmt::join(conditions, " AND "), stamp);
}

Result<BatchPtr> named_exactly(const BatchPtr& batch, const std::vector<KindColumn>& places) {
  if (batch->num_columns() != static_cast<int>(places.size())) {
    return fail(ErrorCode::DataProcessing, "A collection has other columns than its kinds tell.");
  }
  arrow::FieldVector fields;
  for (std::size_t i = 0; i < places.size(); ++i) {
    fields.push_back(batch->schema()->field(static_cast<int>(i))->WithName(places[i].name));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch->num_rows(), batch->columns());
}

// When the row was ingested.
Result<std::int64_t> stamp_of(const arrow::RecordBatch& batch) {
  const auto column = batch.GetColumnByName(std::string(kIngestedAtColumn));
  if (!column || column->type_id() != arrow::Type::TIMESTAMP || column->IsNull(0)) {
    return fail(ErrorCode::DataProcessing, "A record does not tell when it came.");
  }
  return static_cast<const arrow::TimestampArray&>(*column).Value(0);
}

bool has(const std::vector<JsonMember>& members, std::string_view name) {
  return std::ranges::find(members, name, &JsonMember::name) != members.end();
}

// The record with the changes in place of its own members; null takes one away.
Result<std::vector<JsonMember>> patched(RecordText& record, std::vector<JsonMember> changes) {
  const auto is_changed = [&](const auto& entry) { return has(changes, entry.first); };
  std::erase_if(record.unsayable, is_changed);
  if (!record.unsayable.empty()) {
    const auto& [name, what] = record.unsayable[0];
    return fail(ErrorCode::InvalidData,
                fmt::format("\"{}\" is {}, which JSON has not: a PATCH that leaves it as it is cannot be kept. Give "
                            "the field as well, or PUT the whole record.",
                            name, what));
  }
  std::erase_if(record.times, is_changed);
  std::vector<JsonMember> out = std::move(record.members);
  std::erase_if(out, [&](const JsonMember& member) { return has(changes, member.name); });
  for (JsonMember& change : changes) {
    if (change.value != "null") out.push_back(std::move(change));
  }
  return out;
}

// As JSON text, with the key of the address where it is left out.
std::string text_of(const std::vector<JsonMember>& members, const RecordWork& work) {
  std::string out = "{";
  const auto add = [&](std::string_view name, std::string_view value) {
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out += ':';
    out += value;
  };
  for (std::size_t i = 0; i < work.key.size(); ++i) {
    const SchemaField& field = work.key[i];
    if (has(members, field.name)) continue;
    const bool plain = field.type == FieldType::Integer || field.type == FieldType::Boolean;
    add(field.name, plain ? work.values[i] : Json(work.values[i]).dump());
  }
  for (const JsonMember& member : members) add(member.name, member.value);
  return out + "}";
}

// Its row, in the columns of the collection; nullptr: there is none.
Result<BatchPtr> find_record(TaskContext& context, const Dataset& dataset, const RecordWork& work) {
  const auto places = columns_of_members(work.kinds);
  Narrowing narrowing;
  narrowing.collection = dataset.name;
  for (std::size_t i = 0; i < work.key.size(); ++i) narrowing.keys.emplace_back(work.key[i].name, work.values[i]);
  CANVASBACK_ASSIGN(const Dataset some, narrowed(dataset, narrowing, context.threads, context.cancel));
  SqlStatement statement;
  if (!some.files.empty()) statement.sql = record_sql(some, work, places);
  if (statement.sql.empty()) return BatchPtr();
  CANVASBACK_ASSIGN(auto stream, context.engine.execute(std::move(statement), context.cancel));
  while (true) {
    CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
    if (!batch || batch->num_rows() == 1) return batch ? named_exactly(batch, places) : Result<BatchPtr>(BatchPtr());
  }
}

}  // namespace

Status run_record(TaskContext& context, const RecordWork& work) {
  RecordInfo info;
  std::vector<JsonMember> members;
  if (work.action == RecordAction::Put) {
    CANVASBACK_ASSIGN(members, json_members(work.body));
    info.found = true;
  } else {
    CANVASBACK_ASSIGN(const Dataset* dataset, context.datasets.find(work.dataset));
    context.metrics.method = "duckdb";
    Stopwatch watch;
    CANVASBACK_ASSIGN(BatchPtr batch, find_record(context, *dataset, work));
    context.metrics.engine_ms += watch.elapsed_ms();
    info.found = batch != nullptr;
    if (batch) {
      CANVASBACK_ASSIGN(info.ingested_us, stamp_of(*batch));
    }
    if (batch && work.action == RecordAction::Show) {
      OneRow row(std::move(batch));
      CANVASBACK_TRY(write_answer(context, row, nullptr));
    } else if (batch) {
      CANVASBACK_ASSIGN(RecordText record, record_text(work.kinds, *batch, 0));
      CANVASBACK_ASSIGN(auto changes, json_members(work.body));
      CANVASBACK_ASSIGN(members, patched(record, std::move(changes)));
      info.times = std::move(record.times);
    }
  }
  if (info.found && work.action != RecordAction::Show) CANVASBACK_TRY(context.sink.write(text_of(members, work)));
  context.end.done.set("record", to_json(info));
  return {};
}

}  // namespace canvasback
