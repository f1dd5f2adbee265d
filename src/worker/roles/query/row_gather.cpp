#include "worker/roles/query/row_gather.hpp"

#include <arrow/array.h>
#include <arrow/array/data.h>
#include <arrow/builder.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/work_pieces.hpp"
#include "query/view.hpp"
#include "storage/parquet/row_group_reader.hpp"
#include "storage/stored_column.hpp"
#include "worker/roles/query/column_parts.hpp"

namespace canvasback {
namespace {

// A column of a part of the rows.
struct Stored {
  std::shared_ptr<TableFile> table;
  StoredForm form;
};

// Where one value of a column is.
struct Source {
  const arrow::ArrayData* array = nullptr;
  std::int64_t row = 0;
  const StoredForm* form = nullptr;
};

std::unexpected<Error> not_gathered(const arrow::Status& status) {
  return fail(ErrorCode::DataProcessing, "The rows could not be put together.", status.ToString());
}

// Where the rows of a dataset's row groups begin.
class RowGroups {
 public:
  explicit RowGroups(const Dataset& dataset) {
    std::int64_t row = 0;
    for (std::size_t file = 0; file < dataset.files.size(); ++file) {
      for (std::size_t group = 0; group < dataset.files[file].row_group_rows.size(); ++group) {
        starts_.push_back(row);
        places_.emplace_back(file, static_cast<int>(group));
        row += dataset.files[file].row_group_rows[group];
      }
    }
  }
  std::size_t at(std::int64_t row) const {
    return static_cast<std::size_t>(std::ranges::upper_bound(starts_, row) - starts_.begin()) - 1;
  }
  std::int64_t start(std::size_t index) const { return starts_[index]; }
  std::pair<std::size_t, int> place(std::size_t index) const { return places_[index]; }

 private:
  std::vector<std::int64_t> starts_;
  std::vector<std::pair<std::size_t, int>> places_;
};

// Rows [from, from + rows) of a row group, decoded.
struct Span {
  std::int64_t from = 0;  // in the dataset
  BatchPtr rows;
};

class Gather {
 public:
  Gather(const Dataset& dataset, std::span<const std::int64_t> positions, const GatherOptions& options,
         TableMap& tables, const CancelToken& cancel)
      : dataset_(dataset),
        positions_(positions),
        options_(options),
        tables_(tables),
        cancel_(cancel),
        parts_(dataset) {}

  Result<Gathered> run() {
    CANVASBACK_ASSIGN(schema_, read_plain_schema(dataset_.files[0], options_.columns));
    open_tables();
    CANVASBACK_TRY(decode_rows());
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (int column = 0; column < schema_->num_fields(); ++column) {
      CANVASBACK_TRY(cancel_.check());
      CANVASBACK_ASSIGN(auto array, gather(column));
      arrays.push_back(std::move(array));
    }
    Gathered out;
    out.rows = arrow::RecordBatch::Make(schema_, static_cast<std::int64_t>(positions_.size()), std::move(arrays));
    out.used = std::move(used_);
    out.decoded = !spans_.empty();
    for (const auto& [part, columns] : stored_) {
      for (const Stored& column : columns) column.table->forget_pages();
    }
    return out;
  }

 private:
  // Decoded columns count where a part of the rows has all of them.
  void open_tables() {
    std::set<std::size_t> parts;
    for (std::int64_t position : positions_) parts.insert(parts_.at(position));
    for (std::size_t part : parts) {
      std::vector<Stored> columns;
      std::vector<std::string> keys;
      for (const auto& field : schema_->fields()) {
        keys.push_back(column_part_key(dataset_.version, field->name(), static_cast<std::int64_t>(part)));
        auto table = tables_.find(keys.back());
        if (!table || table->rows() != parts_.rows(part)) break;
        const auto form = StoredForm::of(*table->schema()->field(0), *field->type());
        if (!form) break;
        columns.push_back({std::move(table), *form});
      }
      if (columns.size() < static_cast<std::size_t>(schema_->num_fields())) continue;
      stored_.emplace(part, std::move(columns));
      used_.insert(used_.end(), keys.begin(), keys.end());
    }
  }

  // What is in no decoded column: from the row groups, each by one thread.
  Status decode_rows() {
    std::map<std::size_t, std::vector<std::int64_t>> wanted;
    const RowGroups groups(dataset_);
    for (std::int64_t position : positions_) {
      if (stored_.contains(parts_.at(position))) continue;
      const std::size_t group = groups.at(position);
      wanted[group].push_back(position - groups.start(group));
    }
    std::vector<std::pair<std::size_t, std::vector<std::int64_t>>> jobs(wanted.begin(), wanted.end());
    std::vector<BatchPtr> read(jobs.size());
    const bool alone = jobs.size() == 1;
    CANVASBACK_TRY(work_pieces(options_.threads, jobs.size(), [&](std::size_t i, std::size_t) -> Status {
      CANVASBACK_TRY(cancel_.check());
      auto& [group, rows] = jobs[i];
      std::ranges::sort(rows);
      rows.erase(std::ranges::unique(rows).begin(), rows.end());
      const auto [file, row_group] = groups.place(group);
      const int threads = alone ? options_.threads : 1;
      CANVASBACK_ASSIGN(read[i], pick_rows(dataset_.files[file], options_.columns, row_group, rows, threads));
      return {};
    }));
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      const auto& [group, rows] = jobs[i];
      // Rows that stand together are one span.
      for (std::size_t at = 0, end = 0; at < rows.size(); at = end) {
        for (end = at + 1; end < rows.size() && rows[end] == rows[end - 1] + 1;) ++end;
        const std::int64_t first = groups.start(group) + rows[at];
        const auto offset = static_cast<std::int64_t>(at);
        spans_.emplace(first, Span{first, read[i]->Slice(offset, static_cast<std::int64_t>(end - at))});
      }
    }
    return {};
  }

  Source source(std::int64_t position, int column) const {
    const std::size_t part = parts_.at(position);
    const auto stored = stored_.find(part);
    if (stored != stored_.end()) {
      const Stored& from = stored->second[static_cast<std::size_t>(column)];
      const auto [batch, row] = from.table->locate(position - parts_.start(part));
      return {from.table->batch(batch)->column_data(0).get(), row, &from.form};
    }
    const Span& span = std::prev(spans_.upper_bound(position))->second;
    return {span.rows->column_data(column).get(), position - span.from, &as_it_is_};
  }

  Result<std::shared_ptr<arrow::Array>> gather(int column) const {
    std::unique_ptr<arrow::ArrayBuilder> builder;
    auto status = arrow::MakeBuilder(arrow::default_memory_pool(), schema_->field(column)->type(), &builder);
    if (!status.ok()) return not_gathered(status);
    status = builder->Reserve(static_cast<std::int64_t>(positions_.size()));
    for (std::size_t at = 0; status.ok() && at < positions_.size();) {
      const Source first = source(positions_[at], column);
      // Neighbours are taken together.
      std::size_t end = at + 1;
      for (; end < positions_.size() && positions_[end] == positions_[end - 1] + 1; ++end) {
        const Source next = source(positions_[end], column);
        if (next.array != first.array) break;
      }
      status = first.form->append(*first.array, first.row, static_cast<std::int64_t>(end - at), *builder);
      at = end;
    }
    std::shared_ptr<arrow::Array> array;
    if (status.ok()) status = builder->Finish(&array);
    if (!status.ok()) return not_gathered(status);
    return array;
  }

  const Dataset& dataset_;
  std::span<const std::int64_t> positions_;
  const GatherOptions& options_;
  TableMap& tables_;
  const CancelToken& cancel_;
  SchemaPtr schema_;
  const ColumnParts parts_;
  const StoredForm as_it_is_;
  std::map<std::size_t, std::vector<Stored>> stored_;  // part → one for each column
  std::map<std::int64_t, Span> spans_;                 // by their first row
  std::vector<std::string> used_;
};

}  // namespace

Result<Gathered> gather_rows(const Dataset& dataset, std::span<const std::int64_t> positions,
                             const GatherOptions& options, TableMap& tables, const CancelToken& cancel) {
  return Gather(dataset, positions, options, tables, cancel).run();
}

std::shared_ptr<arrow::Field> virtual_field(const std::string& name, std::shared_ptr<arrow::DataType> type,
                                            const std::string& kind) {
  return arrow::field(name, std::move(type), true, arrow::key_value_metadata({"canvasback.virtual"}, {kind}));
}

Result<BatchPtr> with_places(const BatchPtr& batch, const Dataset* dataset, std::span<const std::int64_t> positions) {
  arrow::Int32Builder files;
  arrow::Int64Builder rows;
  std::vector<std::int64_t> starts{0};
  const bool by_file = dataset != nullptr && (dataset->kind == DatasetKind::Parquet || dataset->text);
  if (by_file) {
    for (const DataFile& file : dataset->files) starts.push_back(starts.back() + file.rows);
  }
  auto status = files.Reserve(batch->num_rows());
  if (status.ok()) status = rows.Reserve(batch->num_rows());
  if (!status.ok()) return not_gathered(status);
  for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
    const std::int64_t position = positions[static_cast<std::size_t>(i)];
    const auto file = by_file ? std::ranges::upper_bound(starts, position) - starts.begin() - 1 : 0;
    files.UnsafeAppend(static_cast<std::int32_t>(file));
    rows.UnsafeAppend(position - starts[static_cast<std::size_t>(file)]);
  }
  auto file_array = files.Finish();
  auto row_array = rows.Finish();
  if (!file_array.ok() || !row_array.ok()) return not_gathered(file_array.status());
  auto fields = batch->schema()->fields();
  auto arrays = batch->columns();
  fields.push_back(virtual_field(kFileIndexColumn, arrow::int32(), "file_index"));
  fields.push_back(virtual_field(kFileRowColumn, arrow::int64(), "file_row"));
  arrays.push_back(*file_array);
  arrays.push_back(*row_array);
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch->num_rows(), std::move(arrays));
}

}  // namespace canvasback
