#include "worker/roles/query/window_rows.hpp"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/ipc/writer.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "worker/roles/query/row_gather.hpp"

namespace canvasback {
namespace {

// The longest prefix of at most so many bytes that does not cut a character.
std::string_view cut_text(std::string_view text, std::size_t bytes_max) {
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

struct CutColumn {
  std::shared_ptr<arrow::Array> values;
  std::shared_ptr<arrow::Array> whole_bytes;  // where a value was cut; nullptr where none was
};

template <class ArrayType, class Builder>
Result<CutColumn> cut_values(const std::shared_ptr<arrow::Array>& column, std::int64_t bytes_max, bool is_text) {
  const auto& values = static_cast<const ArrayType&>(*column);
  bool any = false;
  for (std::int64_t i = 0; i < values.length() && !any; ++i) {
    any = !values.IsNull(i) && static_cast<std::int64_t>(values.GetView(i).size()) > bytes_max;
  }
  if (!any) return CutColumn{column, nullptr};
  Builder builder;
  arrow::Int64Builder bytes;
  arrow::Status status;
  for (std::int64_t i = 0; i < values.length() && status.ok(); ++i) {
    if (values.IsNull(i)) {
      status = builder.AppendNull();
      if (status.ok()) status = bytes.AppendNull();
      continue;
    }
    const std::string_view value = values.GetView(i);
    const bool cut = static_cast<std::int64_t>(value.size()) > bytes_max;
    const auto limit = static_cast<std::size_t>(bytes_max);
    status = builder.Append(!cut ? value : is_text ? cut_text(value, limit) : value.substr(0, limit));
    if (status.ok()) status = cut ? bytes.Append(static_cast<std::int64_t>(value.size())) : bytes.AppendNull();
  }
  CutColumn out;
  if (status.ok()) status = builder.Finish(&out.values);
  if (status.ok()) status = bytes.Finish(&out.whole_bytes);
  if (!status.ok()) return window_failed(status);
  return out;
}

}  // namespace

std::unexpected<Error> window_failed(const arrow::Status& status) {
  return fail(ErrorCode::DataProcessing, "The window could not be put together.", status.ToString());
}

Result<BatchPtr> joined(const SchemaPtr& schema, std::vector<BatchPtr> batches) {
  if (batches.size() == 1) return batches[0];
  if (batches.empty()) {
    auto empty = arrow::RecordBatch::MakeEmpty(schema);
    if (!empty.ok()) return window_failed(empty.status());
    return *empty;
  }
  auto one = arrow::ConcatenateRecordBatches(batches);
  if (!one.ok()) return window_failed(one.status());
  return *one;
}

Result<BatchPtr> with_cut_cells(const BatchPtr& batch, std::int64_t bytes_max, bool& cut) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (int i = 0; i < batch->num_columns(); ++i) {
    const auto& field = batch->schema()->field(i);
    CutColumn column{batch->column(i), nullptr};
    switch (field->type()->id()) {
      case arrow::Type::STRING: {
        CANVASBACK_ASSIGN(column,
                          (cut_values<arrow::StringArray, arrow::StringBuilder>(column.values, bytes_max, true)));
        break;
      }
      case arrow::Type::BINARY: {
        CANVASBACK_ASSIGN(column,
                          (cut_values<arrow::BinaryArray, arrow::BinaryBuilder>(column.values, bytes_max, false)));
        break;
      }
      default: break;
    }
    fields.push_back(field);
    arrays.push_back(std::move(column.values));
    if (!column.whole_bytes) continue;
    cut = true;
    fields.push_back(virtual_field("__bytes_" + field->name(), arrow::int64(), "cell_bytes"));
    arrays.push_back(std::move(column.whole_bytes));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch->num_rows(), std::move(arrays));
}

Result<BatchPtr> fitted(BatchPtr batch, bool& more) {
  while (batch->num_rows() > 0) {
    std::int64_t bytes = 0;
    if (auto status = arrow::ipc::GetRecordBatchSize(*batch, &bytes); !status.ok()) return window_failed(status);
    if (bytes <= static_cast<std::int64_t>(limits::kWindowBytesMax)) break;
    if (batch->num_rows() == 1) {
      if (bytes <= static_cast<std::int64_t>(limits::kWindowRowBytesMax)) break;
      return fail(
          ErrorCode::PayloadTooLarge,
          fmt::format("A row of {} MB does not fit a frame of {} MB; ask with cell_bytes, or for fewer columns.",
                      bytes / 1'000'000, limits::kWindowRowBytesMax / 1'000'000));
    }
    const double share = static_cast<double>(limits::kWindowBytesMax) / static_cast<double>(bytes);
    const auto rows = static_cast<std::int64_t>(share * static_cast<double>(batch->num_rows()));
    batch = batch->Slice(0, std::clamp<std::int64_t>(rows, 1, batch->num_rows() - 1));
    more = true;
  }
  return batch;
}

Result<BatchPtr> selected(const BatchPtr& batch, const std::vector<std::string>& columns, int virtual_columns) {
  const int visible = batch->num_columns() - virtual_columns;
  std::vector<int> indices;
  for (const std::string& name : columns) {
    const int index = batch->schema()->GetFieldIndex(name);
    if (index < 0 || index >= visible) {
      // A name that is there twice means the first of them.
      const auto all = batch->schema()->GetAllFieldIndices(name);
      if (all.empty() || all.front() >= visible) {
        return fail(ErrorCode::InvalidData, "The view has no column \"" + name.substr(0, 256) + "\".");
      }
      indices.push_back(*std::ranges::min_element(all));
      continue;
    }
    indices.push_back(index);
  }
  if (columns.empty()) {
    for (int i = 0; i < visible; ++i) indices.push_back(i);
  }
  for (int i = visible; i < batch->num_columns(); ++i) indices.push_back(i);
  auto out = batch->SelectColumns(indices);
  if (!out.ok()) return window_failed(out.status());
  return *out;
}

}  // namespace canvasback
