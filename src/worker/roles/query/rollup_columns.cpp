#include "worker/roles/query/rollup_columns.hpp"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/util/decimal.h>

#include <memory>
#include <utility>

#include "encode/value_text.hpp"

namespace canvasback {
namespace {

Status translated(const arrow::Status& status) {
  if (status.ok()) return {};
  return fail(ErrorCode::MemoryLimit, "A rollup needs more memory than a worker has.", status.ToString());
}

Result<std::shared_ptr<arrow::Array>> texts_of(const std::shared_ptr<arrow::Array>& column) {
  if (column->type_id() == arrow::Type::STRING) return column;
  arrow::StringBuilder builder;
  CANVASBACK_TRY(translated(builder.Reserve(column->length())));
  const bool large = column->type_id() == arrow::Type::LARGE_STRING;
  const bool view = column->type_id() == arrow::Type::STRING_VIEW;
  // Without the quotes of JSON: what is no text needs none in CSV.
  const ValueText values(column, TextStyle{TextStyle::Dialect::Csv, true});
  std::string text;
  for (std::int64_t row = 0; row < column->length(); ++row) {
    if (column->IsNull(row)) {
      CANVASBACK_TRY(translated(builder.AppendNull()));
    } else if (large) {
      CANVASBACK_TRY(translated(builder.Append(static_cast<const arrow::LargeStringArray&>(*column).GetView(row))));
    } else if (view) {
      CANVASBACK_TRY(translated(builder.Append(static_cast<const arrow::StringViewArray&>(*column).GetView(row))));
    } else {
      text.clear();
      {
        TextWriter writer(text);
        values.append(row, writer);
      }
      CANVASBACK_TRY(translated(builder.Append(text)));
    }
  }
  std::shared_ptr<arrow::Array> out;
  CANVASBACK_TRY(translated(builder.Finish(&out)));
  return out;
}

// All values fit 64 bits: it was asked before.
Result<std::shared_ptr<arrow::Array>> integers_of(const std::shared_ptr<arrow::Array>& column) {
  const auto& decimals = static_cast<const arrow::Decimal128Array&>(*column);
  arrow::Int64Builder builder;
  CANVASBACK_TRY(translated(builder.Reserve(column->length())));
  for (std::int64_t row = 0; row < column->length(); ++row) {
    if (column->IsNull(row)) {
      builder.UnsafeAppendNull();
      continue;
    }
    std::int64_t value = 0;
    const arrow::Decimal128 decimal(decimals.GetValue(row));
    if (!decimal.ToInteger(&value).ok()) return fail(ErrorCode::DataProcessing, "A sum has more than 64 bits.");
    builder.UnsafeAppend(value);
  }
  std::shared_ptr<arrow::Array> out;
  CANVASBACK_TRY(translated(builder.Finish(&out)));
  return out;
}

}  // namespace

RollupBatches::RollupBatches(BatchStream& rows, std::vector<RollupColumn> columns, int bounds_of,
                             std::int64_t group_rows)
    : rows_(rows), columns_(std::move(columns)), bounds_of_(bounds_of), group_rows_(group_rows) {
  arrow::FieldVector fields;
  const SchemaPtr given = rows_.schema();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto& field = given->field(static_cast<int>(i));
    const auto type = columns_[i] == RollupColumn::Text            ? arrow::utf8()
                      : columns_[i] == RollupColumn::ScaledInteger ? arrow::int64()
                                                                   : field->type();
    fields.push_back(arrow::field(field->name(), type));
  }
  schema_ = arrow::schema(std::move(fields));
}

void RollupBatches::note_bounds(const arrow::Array& texts) {
  const auto& values = static_cast<const arrow::StringArray&>(texts);
  const auto value = [&](std::int64_t row) {
    return values.IsNull(row) ? std::nullopt : std::optional<std::string>(values.GetView(row));
  };
  for (std::int64_t row = 0; row < values.length();) {
    const std::int64_t in_group = (row_ + row) % group_rows_;
    if (in_group == 0) bounds_.push_back({value(row), std::nullopt});
    const std::int64_t last = std::min(values.length(), row + group_rows_ - in_group) - 1;
    bounds_.back().last = value(last);
    row = last + 1;
  }
}

Result<BatchPtr> RollupBatches::next() {
  CANVASBACK_ASSIGN(const BatchPtr batch, rows_.next());
  if (!batch) return BatchPtr();
  std::vector<std::shared_ptr<arrow::Array>> out;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::shared_ptr<arrow::Array> column = batch->column(static_cast<int>(i));
    if (columns_[i] == RollupColumn::Text) {
      CANVASBACK_ASSIGN(column, texts_of(column));
    } else if (columns_[i] == RollupColumn::ScaledInteger) {
      CANVASBACK_ASSIGN(column, integers_of(column));
    }
    if (static_cast<int>(i) == bounds_of_) note_bounds(*column);
    out.push_back(std::move(column));
  }
  row_ += batch->num_rows();
  return arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(out));
}

}  // namespace canvasback
