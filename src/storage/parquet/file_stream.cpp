#include "storage/parquet/file_stream.hpp"

#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <numeric>

#include "base/limits.hpp"
#include "storage/parquet/enum_texts.hpp"
#include "storage/parquet/footer.hpp"
#include "storage/parquet/guard.hpp"
#include "stream/portable_batches.hpp"

namespace canvasback {
namespace {

// Whether a column of INT96 is to be read in nanoseconds; else in microseconds, which reach every year.
bool is_any_int96_fine(const parquet::FileMetaData& footer, const std::vector<std::string>& fine) {
  for (int leaf = 0; leaf < footer.num_columns(); ++leaf) {
    const auto& column = *footer.schema()->Column(leaf);
    if (column.physical_type() != parquet::Type::INT96) continue;
    if (std::ranges::find(fine, column.path()->ToDotVector()[0]) != fine.end()) return true;
  }
  return false;
}

class FileStream final : public BatchStream {
 public:
  FileStream(DataFile file, CancelToken cancel) : file_(std::move(file)), cancel_(std::move(cancel)) {}

  Status open(const std::vector<std::string>& fine) {
    CANVASBACK_ASSIGN(FooterPtr footer, read_footer(file_));
    CANVASBACK_ASSIGN(auto bytes, open_data_file(file_));
    return guard_parquet(file_.path, [&]() -> Status {
      parquet::ReaderProperties properties;
      properties.set_page_checksum_verification(true);
      properties.enable_buffered_stream();
      parquet::ArrowReaderProperties arrow_properties(false);
      arrow_properties.set_batch_size(limits::kBatchRows);
      arrow_properties.set_pre_buffer(false);
      if (!is_any_int96_fine(*footer, fine)) {
        arrow_properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
      }
      auto raw = parquet::ParquetFileReader::Open(bytes, properties, footer);
      auto made = parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(raw), arrow_properties);
      if (!made.ok()) return std::unexpected(arrow_error(file_.path, made.status()));
      reader_ = std::move(*made);
      std::vector<int> groups(static_cast<std::size_t>(footer->num_row_groups()));
      std::iota(groups.begin(), groups.end(), 0);
      for (int group : groups) left_ += footer->RowGroup(group)->num_rows();
      auto batches = reader_->GetRecordBatchReader(groups);
      if (!batches.ok()) return std::unexpected(arrow_error(file_.path, batches.status()));
      batches_ = std::move(*batches);
      schema_ = portable_schema(*with_enums_as_text(*reader_, batches_->schema()), fine);
      return {};
    });
  }

  SchemaPtr schema() const override { return schema_; }

  Result<BatchPtr> next() override {
    CANVASBACK_TRY(cancel_.check());
    return guard_parquet(file_.path, [&]() -> Result<BatchPtr> {
      BatchPtr batch;
      do {
        if (auto status = batches_->ReadNext(&batch); !status.ok()) {
          return std::unexpected(arrow_error(file_.path, status));
        }
      } while (batch && batch->num_rows() == 0);
      left_ -= batch ? batch->num_rows() : 0;
      if (left_ < 0 || (!batch && left_ > 0)) {
        return std::unexpected(parquet_error(file_.path, "its row groups are not as long as its footer says"));
      }
      if (!batch) return batch;
      auto portable = portable_batch(*batch, schema_);
      if (!portable) return std::unexpected(parquet_error(file_.path, portable.error().message));
      return portable;
    });
  }

 private:
  const DataFile file_;
  const CancelToken cancel_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  SchemaPtr schema_;
  std::int64_t left_ = 0;
};

}  // namespace

Result<std::unique_ptr<BatchStream>> open_parquet_file(const DataFile& file, const std::vector<std::string>& fine,
                                                       CancelToken cancel) {
  auto stream = std::make_unique<FileStream>(file, std::move(cancel));
  CANVASBACK_TRY(stream->open(fine));
  return stream;
}

}  // namespace canvasback
