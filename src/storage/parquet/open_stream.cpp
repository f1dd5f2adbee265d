#include "storage/parquet/open_stream.hpp"

#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include "base/limits.hpp"
#include "storage/parquet/enum_texts.hpp"
#include "storage/parquet/guard.hpp"
#include "stream/portable_batches.hpp"

namespace canvasback {
namespace {

const std::string kSent = "that was sent";

class ParquetStream final : public BatchStream {
 public:
  explicit ParquetStream(std::unique_ptr<parquet::arrow::FileReader> reader) : reader_(std::move(reader)) {}

  Status open() {
    return guard_parquet(kSent, [&]() -> Status {
      auto batches = reader_->GetRecordBatchReader();
      if (!batches.ok()) return std::unexpected(arrow_error(kSent, batches.status()));
      batches_ = std::move(*batches);
      schema_ = with_enums_as_text(*reader_, batches_->schema());
      return {};
    });
  }
  SchemaPtr schema() const override { return schema_; }
  Result<BatchPtr> next() override {
    return guard_parquet(kSent, [&]() -> Result<BatchPtr> {
      BatchPtr batch;
      do {
        if (auto status = batches_->ReadNext(&batch); !status.ok()) return std::unexpected(arrow_error(kSent, status));
      } while (batch && batch->num_rows() == 0);
      if (!batch || schema_ == batches_->schema()) return batch;
      auto texts = portable_batch(*batch, schema_);
      if (!texts) return std::unexpected(parquet_error(kSent, texts.error().message));
      return texts;
    });
  }

 private:
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  SchemaPtr schema_;
};

}  // namespace

Result<std::unique_ptr<BatchStream>> open_parquet_stream(std::shared_ptr<arrow::io::RandomAccessFile> file) {
  return guard_parquet(kSent, [&]() -> Result<std::unique_ptr<BatchStream>> {
    parquet::arrow::FileReaderBuilder builder;
    if (auto status = builder.Open(std::move(file)); !status.ok()) {
      return std::unexpected(arrow_error(kSent, status));
    }
    parquet::ArrowReaderProperties properties;
    properties.set_batch_size(limits::kBatchRows);
    builder.properties(properties);
    auto reader = builder.Build();
    if (!reader.ok()) return std::unexpected(arrow_error(kSent, reader.status()));
    auto stream = std::make_unique<ParquetStream>(std::move(*reader));
    CANVASBACK_TRY(stream->open());
    return stream;
  });
}

}  // namespace canvasback
