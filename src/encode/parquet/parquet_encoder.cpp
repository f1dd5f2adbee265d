#include "encode/parquet/parquet_encoder.hpp"

#include <arrow/util/thread_pool.h>
#include <fmt/format.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/limits.hpp"
#include "encode/arrow_sink.hpp"
#include "encode/batch_bytes.hpp"
#include "encode/huge_integers.hpp"
#include "encode/parquet/dictionary_choice.hpp"
#include "record/type_name.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kRowGroupRows = 122'880;  // as DuckDB has it: readers share row groups out among threads
constexpr std::int64_t kRowGroupBytes = static_cast<std::int64_t>(64 * limits::kMiB);
constexpr int kZstdLevel = 3;

struct NamedCompression {
  std::string_view name;
  arrow::Compression::type type;
};
constexpr std::array kCompressions{
    NamedCompression{"zstd", arrow::Compression::ZSTD}, NamedCompression{"snappy", arrow::Compression::SNAPPY},
    NamedCompression{"gzip", arrow::Compression::GZIP}, NamedCompression{"lz4", arrow::Compression::LZ4},
    NamedCompression{"none", arrow::Compression::UNCOMPRESSED}};

Result<arrow::Compression::type> compression_named(const std::string& compression) {
  const std::string_view wanted = compression.empty() ? std::string_view("zstd") : compression;
  const auto* found = std::ranges::find(kCompressions, wanted, &NamedCompression::name);
  if (found == kCompressions.end()) {
    return fail(ErrorCode::InvalidData,
                fmt::format("\"{}\" is not a compression for the parquet format; use zstd, snappy, gzip, lz4 or none.",
                            compression));
  }
  return found->type;
}

// `first`: the first rows, or nullptr where there are none.
std::shared_ptr<parquet::WriterProperties> writer_properties(arrow::Compression::type compression,
                                                             const arrow::RecordBatch* first) {
  parquet::WriterProperties::Builder builder;
  builder
      .version(parquet::ParquetVersion::PARQUET_2_6)  // the first with nanoseconds
      ->compression(compression)
      ->max_row_group_length(kRowGroupRows)
      ->enable_store_decimal_as_integer()  // up to 18 digits, as other writers do: half the bytes or less
      ->enable_statistics();
  if (compression == arrow::Compression::ZSTD) builder.compression_level(kZstdLevel);
  if (first == nullptr) return builder.build();
  const std::vector<bool> dictionaries = choose_dictionaries(*first, kRowGroupRows);
  for (int i = 0; i < first->num_columns(); ++i) {
    if (!dictionaries[static_cast<std::size_t>(i)]) builder.disable_dictionary(first->schema()->field(i)->name());
  }
  return builder.build();
}

// Parquet's writer says which type it lacks, not whose: each column is asked for by itself.
Status check_columns(const arrow::Schema& schema, const parquet::WriterProperties& properties,
                     const parquet::ArrowWriterProperties& arrow_properties) {
  for (const auto& field : schema.fields()) {
    std::shared_ptr<parquet::SchemaDescriptor> descriptor;
    const auto status =
        parquet::arrow::ToParquetSchema(arrow::schema({field}).get(), properties, arrow_properties, &descriptor);
    if (status.ok()) continue;
    return fail(ErrorCode::InvalidData,
                fmt::format("Column \"{}\" of type {} cannot be written as Parquet; cast it to VARCHAR.", field->name(),
                            sql_type_name(*field)),
                status.ToString());
  }
  return {};
}

class ParquetEncoder final : public Encoder {
 public:
  ParquetEncoder(ByteSink& sink, arrow::Compression::type compression, int threads)
      : sink_(sink), stream_(std::make_shared<ArrowSink>(sink)), compression_(compression), threads_(threads) {}

 protected:
  Status do_begin(SchemaPtr schema) override {
    return guard([&]() -> Status {
      parquet::ArrowWriterProperties::Builder builder;
      builder.store_schema();
      if (threads_ > 1) {
        auto pool = arrow::internal::ThreadPool::Make(threads_);
        if (!pool.ok()) return fail(stream_->error_from(pool.status()));
        pool_ = std::move(*pool);
        builder.set_use_threads(true)->set_executor(pool_.get());
      }
      arrow_properties_ = builder.build();
      schema_ = std::move(schema);
      return check_columns(*schema_, *writer_properties(compression_, nullptr), *arrow_properties_);
    });
  }

  Status do_write(BatchPtr batch) override {
    CANVASBACK_TRY(check_huge_integers(*batch));
    return guard([&]() -> Status {
      if (!writer_) CANVASBACK_TRY(open(batch.get()));
      // A batch too large for one row group is cut, by the average size of its rows.
      const std::int64_t row_count = std::max<std::int64_t>(batch->num_rows(), 1);
      const std::int64_t bytes_per_row = std::max<std::int64_t>(batch_bytes(*batch) / row_count, 1);
      const std::int64_t rows_at_once = std::max<std::int64_t>(kRowGroupBytes / bytes_per_row, 1);
      for (std::int64_t at = 0; at < batch->num_rows(); at += rows_at_once) {
        const auto rows = batch->Slice(at, rows_at_once);
        CANVASBACK_TRY(write_rows(*rows, rows->num_rows() * bytes_per_row));
      }
      return {};
    });
  }

  Status do_finish() override {
    const auto status = guard([&]() -> Status {
      if (!writer_) CANVASBACK_TRY(open(nullptr));
      CANVASBACK_TRY(translate(writer_->Close()));
      return translate(stream_->Flush());
    });
    if (!status) {
      do_abandon();
      return status;
    }
    return sink_.finish();
  }

  void do_abandon() override {
    stream_->drop();  // first: the writer's destructor writes the footer
    writer_.reset();
    sink_.abandon();
  }

 private:
  // Not before the first rows are there, because what they hold says how to write the columns.
  Status open(const arrow::RecordBatch* first) {
    auto writer = parquet::arrow::FileWriter::Open(*schema_, arrow::default_memory_pool(), stream_,
                                                   writer_properties(compression_, first), arrow_properties_);
    if (!writer.ok()) return fail(stream_->error_from(writer.status()));
    writer_ = std::move(*writer);
    return {};
  }

  Status write_rows(const arrow::RecordBatch& rows, std::int64_t bytes) {
    if (group_bytes_ + bytes > kRowGroupBytes || group_rows_ >= kRowGroupRows) {
      if (group_rows_ > 0) CANVASBACK_TRY(translate(writer_->NewBufferedRowGroup()));
      group_bytes_ = group_rows_ = 0;
    }
    CANVASBACK_TRY(translate(writer_->WriteRecordBatch(rows)));
    group_bytes_ += bytes;
    group_rows_ += rows.num_rows();
    // The writer itself begins a new group at kRowGroupRows, within a batch.
    if (group_rows_ > kRowGroupRows) {
      group_bytes_ = group_bytes_ / group_rows_ * (group_rows_ % kRowGroupRows);
      group_rows_ %= kRowGroupRows;
    }
    return {};
  }

  // Runs one step; the first error is every later step's answer. libparquet throws below its Arrow interface.
  template <class Step>
  Status guard(Step step) {
    if (failure_) return fail(*failure_);
    Status status;
    try {
      status = step();
    } catch (const std::exception& exception) {
      status = fail(stream_->error_from(arrow::Status::UnknownError(exception.what())));
    }
    if (!status) failure_ = status.error();
    return status;
  }

  Status translate(const arrow::Status& status) {
    if (status.ok()) return {};
    return fail(stream_->error_from(status));
  }

  ByteSink& sink_;
  std::shared_ptr<ArrowSink> stream_;  // shared: Arrow's writers ask for it so
  const arrow::Compression::type compression_;
  const int threads_;
  SchemaPtr schema_;
  std::shared_ptr<parquet::ArrowWriterProperties> arrow_properties_;  // shared: the writer keeps them
  std::shared_ptr<arrow::internal::ThreadPool> pool_;  // as Arrow makes it; before writer_, which uses it
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::int64_t group_rows_ = 0;
  std::int64_t group_bytes_ = 0;
  std::optional<Error> failure_;
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_parquet_encoder(ByteSink& sink, const EncodeOptions& options) {
  CANVASBACK_ASSIGN(const auto compression, compression_named(options.compression));
  return std::make_unique<ParquetEncoder>(sink, compression, options.threads);
}

}  // namespace canvasback
