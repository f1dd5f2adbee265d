#include "storage/parquet/row_group_reader.hpp"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>
#include <thread>

#include "base/limits.hpp"
#include "storage/parquet/column_decoder.hpp"
#include "storage/parquet/footer.hpp"
#include "storage/parquet/guard.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kReadBufferBytes = 256 * static_cast<std::int64_t>(limits::kKiB);

using ArrayPtr = std::shared_ptr<arrow::Array>;

void add_leaves(const parquet::arrow::SchemaField& field, std::vector<int>& leaves) {
  if (field.is_leaf()) leaves.push_back(field.column_index);
  for (const auto& child : field.children) add_leaves(child, leaves);
}

std::uint64_t estimate_bytes(const parquet::RowGroupMetaData& group, const std::vector<int>& leaves) {
  std::uint64_t sum = 0;
  for (int leaf : leaves) {
    auto chunk = group.ColumnChunk(leaf);
    std::uint64_t bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(chunk->total_uncompressed_size(), 0));
    // A dictionary-encoded text column expands by about the length of its values.
    if (chunk->type() == parquet::Type::BYTE_ARRAY) {
      bytes = std::max<std::uint64_t>(bytes, static_cast<std::uint64_t>(chunk->num_values()) * 16);
    }
    sum += bytes;
  }
  return sum;
}

// An opened file and those of its columns that are wanted.
struct Opened {
  struct Column {
    std::shared_ptr<arrow::Field> field;  // without metadata
    std::vector<int> leaves;              // more than one, or a nested one: nested
    bool nested = false;
  };
  FooterPtr footer;
  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::vector<Column> columns;

  SchemaPtr schema() const {
    arrow::FieldVector fields;
    for (const Column& column : columns) fields.push_back(column.field);
    return arrow::schema(std::move(fields));
  }
  parquet::RowGroupReader& group(int number) {
    if (!group_) group_ = reader->parquet_reader()->RowGroup(number);
    return *group_;
  }

 private:
  std::shared_ptr<parquet::RowGroupReader> group_;  // shared: as libparquet hands it out
};

Opened::Column column_of(const parquet::arrow::SchemaField& field) {
  Opened::Column column{field.field->RemoveMetadata()->WithNullable(true), {}, !field.is_leaf()};
  add_leaves(field, column.leaves);
  return column;
}

Error no_column(const std::string& name) {
  return Error{ErrorCode::InvalidData, "There is no column \"" + name + "\".", {}, {}, 0};
}

Status check_row_group(const std::string& path, const parquet::FileMetaData& footer, int row_group) {
  if (row_group < footer.num_row_groups()) return {};
  return std::unexpected(parquet_error(path, "it has no row group " + std::to_string(row_group)));
}

// row_group: the one to be read, or -1.
Result<Opened> open_columns(const DataFile& file, const std::vector<std::string>& columns, int row_group) {
  Opened opened;
  CANVASBACK_ASSIGN(opened.footer, read_footer(file));
  CANVASBACK_ASSIGN(auto bytes, open_data_file(file));
  parquet::ReaderProperties properties;
  properties.set_page_checksum_verification(true);  // where the writer left any; collections do
  if (row_group >= 0) {
    CANVASBACK_TRY(check_row_group(file.path, *opened.footer, row_group));
    const auto group = opened.footer->RowGroup(row_group);
    for (int leaf = 0; leaf < group->num_columns(); ++leaf) {
      if (group->ColumnChunk(leaf)->total_compressed_size() > kBufferedChunkBytes) properties.enable_buffered_stream();
    }
    properties.set_buffer_size(kReadBufferBytes);
  }
  parquet::ArrowReaderProperties arrow_properties;
  arrow_properties.set_pre_buffer(false);
  auto raw = parquet::ParquetFileReader::Open(bytes, properties, opened.footer);
  auto made = parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(raw), arrow_properties);
  if (!made.ok()) return std::unexpected(arrow_error(file.path, made.status()));
  opened.reader = std::move(*made);
  const auto& fields = opened.reader->manifest().schema_fields;
  if (columns.empty()) {
    for (const auto& field : fields) opened.columns.push_back(column_of(field));
  }
  for (const std::string& name : columns) {
    const auto found = std::ranges::find_if(fields, [&](const auto& field) { return field.field->name() == name; });
    if (found == fields.end()) return fail(no_column(name));
    opened.columns.push_back(column_of(*found));
  }
  return opened;
}

// A way to get at one or more columns' next rows. Throws ParquetException or returns a Status.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::int64_t row_bytes() = 0;
  virtual void skip(std::int64_t rows) = 0;
  // The next rows of each of its columns: at most so many, at least one.
  virtual arrow::Result<std::vector<ArrayPtr>> read(std::int64_t rows) = 0;
};

class DecoderSource final : public Source {
 public:
  DecoderSource(std::unique_ptr<ColumnDecoder> decoder, std::int64_t skip)
      : decoder_(std::move(decoder)), skip_(skip) {}
  std::int64_t row_bytes() override {
    pass_over();
    return decoder_->row_bytes();
  }
  void skip(std::int64_t rows) override { skip_ += rows; }
  arrow::Result<std::vector<ArrayPtr>> read(std::int64_t rows) override {
    pass_over();
    return std::vector<ArrayPtr>{decoder_->read(rows)};
  }

 private:
  // When first read, because another thread may do that.
  void pass_over() { decoder_->skip(std::exchange(skip_, 0)); }
  std::unique_ptr<ColumnDecoder> decoder_;
  std::int64_t skip_;
};

// Columns that Arrow's reader decodes, in the order of their fields in the file.
class ArrowSource final : public Source {
 public:
  ArrowSource(std::unique_ptr<arrow::RecordBatchReader> reader, std::vector<std::string> names, std::int64_t skip,
              std::int64_t row_bytes)
      : reader_(std::move(reader)), names_(std::move(names)), skip_(skip), row_bytes_(row_bytes) {}

  std::int64_t row_bytes() override { return row_bytes_; }
  void skip(std::int64_t rows) override { skip_ += rows; }

  arrow::Result<std::vector<ArrayPtr>> read(std::int64_t rows) override {
    pass_over();
    while (!batch_ || batch_->num_rows() == 0) {
      ARROW_RETURN_NOT_OK(reader_->ReadNext(&batch_));
      if (!batch_) return arrow::Status::Invalid("a row group is shorter than its footer says");
      pass_over();
    }
    const auto some = batch_->Slice(0, rows);
    batch_ = batch_->Slice(some->num_rows());
    std::vector<ArrayPtr> arrays;
    for (const std::string& name : names_) {
      arrays.push_back(some->GetColumnByName(name));
      if (!arrays.back()) return arrow::Status::Invalid("column " + name + " is missing");
    }
    return arrays;
  }

 private:
  // As far as the batch at hand goes.
  void pass_over() {
    if (!batch_) return;
    const std::int64_t skipped = std::min(skip_, batch_->num_rows());
    skip_ -= skipped;
    batch_ = batch_->Slice(skipped);
  }
  std::unique_ptr<arrow::RecordBatchReader> reader_;
  const std::vector<std::string> names_;
  std::int64_t skip_;
  const std::int64_t row_bytes_;
  std::shared_ptr<arrow::RecordBatch> batch_;  // shared: as Arrow hands it out
};

struct Part {
  std::unique_ptr<Source> source;
  std::vector<std::size_t> columns;  // places in Opened::columns of what the source gives
  std::uint64_t bytes = 0;           // decoded, an estimate: how much work it is
  std::vector<ArrayPtr> pending;     // read and not yet handed out; all of one length
};

arrow::Result<std::vector<Part>> make_parts(Opened& opened, RowGroupRange range) {
  std::vector<Part> parts;
  Part rest;
  std::vector<int> rest_leaves;
  std::vector<std::string> rest_names;
  auto& group = opened.group(range.row_group);
  const auto& metadata = *group.metadata();
  for (std::size_t i = 0; i < opened.columns.size(); ++i) {
    const Opened::Column& column = opened.columns[i];
    const auto chunk = column.nested ? nullptr : metadata.ColumnChunk(column.leaves[0]);
    const auto* descriptor = column.nested ? nullptr : opened.footer->schema()->Column(column.leaves[0]);
    if (column.nested || !is_decodable(*descriptor, *chunk, *column.field->type())) {
      rest.columns.push_back(i);
      rest_names.push_back(column.field->name());
      rest_leaves.insert(rest_leaves.end(), column.leaves.begin(), column.leaves.end());
      continue;
    }
    auto decoder = make_column_decoder(*descriptor, column.field->type(),
                                       [&group, leaf = column.leaves[0]] { return group.GetColumnPageReader(leaf); });
    parts.push_back({std::make_unique<DecoderSource>(std::move(decoder), range.skip),
                     {i},
                     estimate_bytes(metadata, column.leaves),
                     {}});
  }
  if (rest.columns.empty()) return parts;
  rest.bytes = estimate_bytes(metadata, rest_leaves);
  const auto rows = std::max<std::int64_t>(metadata.num_rows(), 1);
  const auto row_bytes = std::max<std::int64_t>(static_cast<std::int64_t>(rest.bytes) / rows, 1);
  opened.reader->set_batch_size(std::clamp<std::int64_t>(
      static_cast<std::int64_t>(limits::kBatchBytesTarget) / row_bytes, 16, limits::kBatchRows));
  ARROW_ASSIGN_OR_RAISE(auto reader, opened.reader->GetRecordBatchReader({range.row_group}, rest_leaves));
  rest.source = std::make_unique<ArrowSource>(std::move(reader), std::move(rest_names), range.skip, row_bytes);
  parts.push_back(std::move(rest));
  return parts;
}

class Reader final : public RowGroupReader {
 public:
  Reader(std::string path, Opened opened, RowGroupRange range, std::vector<Part> parts)
      : path_(std::move(path)),
        opened_(std::move(opened)),
        schema_(opened_.schema()),
        parts_(std::move(parts)),
        left_(range.take) {}

  Result<BatchPtr> next() override {
    if (left_ == 0) return BatchPtr();
    return guard_parquet(path_, [&]() -> Result<BatchPtr> {
      std::int64_t rows = std::min(left_, rows_at_once());
      std::vector<ArrayPtr> arrays(opened_.columns.size());
      for (Part& part : parts_) {
        if (part.pending.empty() || part.pending[0]->length() == 0) {
          auto read = part.source->read(rows);
          if (!read.ok()) return std::unexpected(arrow_error(path_, read.status()));
          part.pending = std::move(*read);
        }
        if (!part.pending.empty()) rows = std::min(rows, part.pending[0]->length());
      }
      for (Part& part : parts_) {
        for (std::size_t i = 0; i < part.pending.size(); ++i) {
          ArrayPtr& pending = part.pending[i];
          if (!pending->type()->Equals(*schema_->field(static_cast<int>(part.columns[i]))->type())) {
            return std::unexpected(parquet_error(path_, "a column is of another type than the file says"));
          }
          const bool all = pending->length() == rows;
          arrays[part.columns[i]] = all ? pending : pending->Slice(0, rows);
          pending = pending->Slice(rows);
        }
      }
      left_ -= rows;
      return arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
    });
  }

 private:
  std::int64_t rows_at_once() {
    std::int64_t row_bytes = 0;
    for (Part& part : parts_) {
      // A part with rows in hand needs no page yet.
      if (part.pending.empty() || part.pending[0]->length() == 0) row_bytes += part.source->row_bytes();
    }
    const auto wanted = static_cast<std::int64_t>(limits::kBatchBytesTarget) / std::max<std::int64_t>(row_bytes, 1);
    return std::clamp<std::int64_t>(wanted, 1, limits::kBatchRows);
  }

  const std::string path_;
  Opened opened_;
  const SchemaPtr schema_;
  std::vector<Part> parts_;
  std::int64_t left_;
};

// Rows that stand together.
struct Run {
  std::int64_t skip = 0;  // rows between the run before, or the row group's begin, and this one
  std::int64_t take = 0;
};

// The rows of all runs of one part.
arrow::Result<std::vector<ArrayPtr>> read_all(Part& part, const std::vector<Run>& runs) {
  std::vector<arrow::ArrayVector> pieces(part.columns.size());
  for (const Run& run : runs) {
    part.source->skip(run.skip);
    for (std::int64_t left = run.take; left > 0;) {
      ARROW_ASSIGN_OR_RAISE(auto some, part.source->read(left));
      for (std::size_t i = 0; i < some.size(); ++i) pieces[i].push_back(some[i]);
      left -= some.empty() ? left : some[0]->length();
    }
  }
  std::vector<ArrayPtr> arrays;
  for (auto& piece : pieces) {
    if (piece.size() == 1) {
      arrays.push_back(std::move(piece[0]));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(auto joined, arrow::Concatenate(piece));
    arrays.push_back(std::move(joined));
  }
  return arrays;
}

Result<BatchPtr> read_runs(const DataFile& file, const std::vector<std::string>& columns, int row_group,
                           const std::vector<Run>& runs, int threads) {
  return guard_parquet(file.path, [&]() -> Result<BatchPtr> {
    CANVASBACK_ASSIGN(Opened opened, open_columns(file, columns, row_group));
    auto made = make_parts(opened, {row_group, 0, 0});
    if (!made.ok()) return std::unexpected(arrow_error(file.path, made.status()));
    std::vector<Part>& parts = *made;
    // The dearest first, so that the threads end together.
    std::ranges::sort(parts, std::greater<>(), &Part::bytes);
    std::vector<ArrayPtr> arrays(opened.columns.size());
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    Status status;
    auto work = [&] {
      for (std::size_t i = next++; i < parts.size(); i = next++) {
        auto read = guard_parquet(file.path, [&]() -> Result<std::vector<ArrayPtr>> {
          auto all = read_all(parts[i], runs);
          if (!all.ok()) return std::unexpected(arrow_error(file.path, all.status()));
          return std::move(*all);
        });
        std::scoped_lock lock(mutex);
        if (!read) {
          if (status) status = std::unexpected(read.error());
          continue;
        }
        for (std::size_t c = 0; c < read->size(); ++c) arrays[parts[i].columns[c]] = std::move((*read)[c]);
      }
    };
    {
      std::vector<std::jthread> helpers;
      const auto useful = std::min(static_cast<std::size_t>(std::max(threads, 1)), parts.size());
      for (std::size_t i = 1; i < useful; ++i) helpers.emplace_back(work);
      work();
    }
    CANVASBACK_TRY(status);
    std::int64_t rows = 0;
    for (const Run& run : runs) rows += run.take;
    return arrow::RecordBatch::Make(opened.schema(), rows, std::move(arrays));
  });
}

}  // namespace

Result<std::unique_ptr<RowGroupReader>> open_row_group(const DataFile& file, const std::vector<std::string>& columns,
                                                       RowGroupRange range) {
  return guard_parquet(file.path, [&]() -> Result<std::unique_ptr<RowGroupReader>> {
    CANVASBACK_ASSIGN(Opened opened, open_columns(file, columns, range.row_group));
    auto parts = make_parts(opened, range);
    if (!parts.ok()) return std::unexpected(arrow_error(file.path, parts.status()));
    return std::make_unique<Reader>(file.path, std::move(opened), range, std::move(*parts));
  });
}

Result<BatchPtr> read_rows(const DataFile& file, const std::vector<std::string>& columns, RowGroupRange range,
                           int threads) {
  return read_runs(file, columns, range.row_group, {{range.skip, range.take}}, threads);
}

Result<BatchPtr> pick_rows(const DataFile& file, const std::vector<std::string>& columns, int row_group,
                           std::span<const std::int64_t> rows, int threads) {
  std::vector<Run> runs;
  std::int64_t end = 0;
  for (std::int64_t row : rows) {
    if (runs.empty() || row != end) runs.push_back({row - end, 0});
    ++runs.back().take;
    end = row + 1;
  }
  return read_runs(file, columns, row_group, runs, threads);
}

Result<SchemaPtr> read_plain_schema(const DataFile& file, const std::vector<std::string>& columns) {
  return guard_parquet(file.path, [&]() -> Result<SchemaPtr> {
    CANVASBACK_ASSIGN(Opened opened, open_columns(file, columns, -1));
    return opened.schema();
  });
}

Result<std::uint64_t> row_group_bytes(const DataFile& file, int row_group, const std::vector<std::string>& columns) {
  return guard_parquet(file.path, [&]() -> Result<std::uint64_t> {
    // From the footer alone: asked before every page that is not cached.
    CANVASBACK_ASSIGN(FooterPtr footer, read_footer(file));
    CANVASBACK_TRY(check_row_group(file.path, *footer, row_group));
    std::vector<int> leaves;
    if (columns.empty()) {
      leaves.resize(static_cast<std::size_t>(footer->num_columns()));
      std::iota(leaves.begin(), leaves.end(), 0);
    }
    for (const std::string& name : columns) {
      const std::vector<int> below = leaves_of(*footer, name);
      if (below.empty()) return fail(no_column(name));
      leaves.insert(leaves.end(), below.begin(), below.end());
    }
    return estimate_bytes(*footer->RowGroup(row_group), leaves);
  });
}

}  // namespace canvasback
