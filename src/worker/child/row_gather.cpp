#include "worker/child/row_gather.hpp"

#include <arrow/array.h>
#include <arrow/array/data.h>
#include <arrow/builder.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/limits.hpp"
#include "storage/parquet/row_group_reader.hpp"

namespace canvasback {
namespace {

// Where one value of a column is.
struct Source {
  const arrow::ArrayData* array = nullptr;
  std::int64_t row = 0;
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
      : dataset_(dataset), positions_(positions), options_(options), tables_(tables), cancel_(cancel) {}

  Result<Gathered> run() {
    CANVASBACK_ASSIGN(schema_, read_plain_schema(dataset_.files[0], options_.columns));
    CANVASBACK_TRY(open_tables());
    CANVASBACK_TRY(decode_spans());
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
      for (const auto& table : columns) table->forget_pages();
    }
    return out;
  }

 private:
  // Decoded columns count where a part of the rows has all of them.
  Status open_tables() {
    std::set<std::int64_t> parts;
    for (std::int64_t position : positions_) parts.insert(position / limits::kColumnPartRows);
    for (std::int64_t part : parts) {
      std::vector<std::shared_ptr<TableFile>> columns;
      std::vector<std::string> keys;
      for (const auto& field : schema_->fields()) {
        keys.push_back(column_part_key(dataset_.version, field->name(), part));
        auto table = tables_.find(keys.back());
        const std::int64_t rows = std::min(limits::kColumnPartRows, dataset_.rows - part * limits::kColumnPartRows);
        if (!table || table->rows() != rows || !table->schema()->field(0)->type()->Equals(field->type())) break;
        columns.push_back(std::move(table));
      }
      if (columns.size() < static_cast<std::size_t>(schema_->num_fields())) continue;
      stored_.emplace(part, std::move(columns));
      used_.insert(used_.end(), keys.begin(), keys.end());
    }
    return {};
  }

  // What is in no decoded column: by row group, of each what lies between the first and the last row that is wanted;
  // row by row where that would be too much at once.
  Status decode_spans() {
    std::map<std::size_t, std::vector<std::int64_t>> wanted;
    const RowGroups groups(dataset_);
    for (std::int64_t position : positions_) {
      if (!stored_.contains(position / limits::kColumnPartRows)) wanted[groups.at(position)].push_back(position);
    }
    for (auto& [index, rows] : wanted) {
      CANVASBACK_TRY(cancel_.check());
      std::ranges::sort(rows);
      const auto [file_index, row_group] = groups.place(index);
      const DataFile& file = dataset_.files[file_index];
      CANVASBACK_ASSIGN(const std::uint64_t bytes, row_group_bytes(file, row_group, options_.columns));
      const auto group_rows = file.row_group_rows[static_cast<std::size_t>(row_group)];
      const std::uint64_t row_bytes = bytes / static_cast<std::uint64_t>(std::max<std::int64_t>(1, group_rows)) + 1;
      const auto span_rows_max = static_cast<std::int64_t>(limits::kPageBytesMax / wanted.size() / row_bytes);
      for (std::size_t at = 0; at < rows.size();) {
        std::size_t end = at + 1;
        while (end < rows.size() && rows[end] - rows[at] < std::max<std::int64_t>(1, span_rows_max)) ++end;
        const std::int64_t first = rows[at];
        const RowGroupRange range{row_group, first - groups.start(index), rows[end - 1] - first + 1};
        CANVASBACK_ASSIGN(BatchPtr batch, read_rows(file, options_.columns, range, options_.threads));
        spans_.emplace(first, Span{first, std::move(batch)});
        at = end;
      }
    }
    return {};
  }

  Source source(std::int64_t position, int column) const {
    const auto stored = stored_.find(position / limits::kColumnPartRows);
    if (stored != stored_.end()) {
      const TableFile& table = *stored->second[static_cast<std::size_t>(column)];
      const auto [batch, row] = table.locate(position % limits::kColumnPartRows);
      return {table.batch(batch)->column_data(0).get(), row};
    }
    const Span& span = std::prev(spans_.upper_bound(position))->second;
    return {span.rows->column_data(column).get(), position - span.from};
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
      status =
          builder->AppendArraySlice(arrow::ArraySpan(*first.array), first.row, static_cast<std::int64_t>(end - at));
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
  std::map<std::int64_t, std::vector<std::shared_ptr<TableFile>>> stored_;  // part → one for each column
  std::map<std::int64_t, Span> spans_;                                      // by their first row
  std::vector<std::string> used_;
};

}  // namespace

Result<Gathered> gather_rows(const Dataset& dataset, std::span<const std::int64_t> positions,
                             const GatherOptions& options, TableMap& tables, const CancelToken& cancel) {
  return Gather(dataset, positions, options, tables, cancel).run();
}

}  // namespace canvasback
