#include "worker/roles/query/streamed_files.hpp"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <fmt/format.h>

#include "source/arrow/arrow_reader.hpp"
#include "storage/parquet/file_stream.hpp"

namespace canvasback {
namespace {

Error not_placed(const arrow::Status& status) {
  return {ErrorCode::MemoryLimit, "The rows of a file could not be numbered.", status.ToString(), {}, 0};
}

class StreamedRun final : public BatchStream {
 public:
  StreamedRun(const Dataset& dataset, const FileRun& run, CancelToken cancel)
      : kind_(dataset.kind),
        files_(dataset.files.begin() + static_cast<std::ptrdiff_t>(run.begin),
               dataset.files.begin() + static_cast<std::ptrdiff_t>(run.end)),
        fine_(dataset.fine_columns),
        cancel_(std::move(cancel)) {}

  Status start() {
    CANVASBACK_TRY(open_next());
    arrow::FieldVector fields = file_->schema()->fields();
    for (std::size_t i = 0; i < files_.front().partition.size(); ++i) {
      fields.push_back(arrow::field(fmt::format("partition {}", i), arrow::utf8()));
    }
    fields.push_back(arrow::field("place file", arrow::uint64()));
    fields.push_back(arrow::field("place row", arrow::int64()));
    schema_ = arrow::schema(std::move(fields));
    return {};
  }

  SchemaPtr schema() const override { return schema_; }

  Result<BatchPtr> next() override {
    while (file_) {
      CANVASBACK_ASSIGN(BatchPtr batch, file_->next());
      if (batch) return placed(*batch);
      file_.reset();
      if (position_ < files_.size()) CANVASBACK_TRY(open_next());
    }
    return BatchPtr();
  }

 private:
  Status open_next() {
    const DataFile& file = files_[position_++];
    row_ = 0;
    if (kind_ == DatasetKind::Arrow) {
      CANVASBACK_ASSIGN(file_, open_arrow_files({file.path}, fine_, cancel_));
    } else {
      CANVASBACK_ASSIGN(file_, open_parquet_file(file, fine_, cancel_));
    }
    const SchemaPtr schema = file_->schema();
    if (columns_ && !columns_->Equals(*schema)) {
      return fail(ErrorCode::InvalidData, fmt::format("The file {} has another schema than it had.", file.path));
    }
    columns_ = schema;
    return {};
  }

  Result<BatchPtr> placed(const arrow::RecordBatch& batch) {
    arrow::ArrayVector arrays = batch.columns();
    for (const auto& [key, value] : files_[position_ - 1].partition) {
      auto array = value ? arrow::MakeArrayFromScalar(arrow::StringScalar(*value), batch.num_rows())
                         : arrow::MakeArrayOfNull(arrow::utf8(), batch.num_rows());
      if (!array.ok()) return std::unexpected(not_placed(array.status()));
      arrays.push_back(std::move(*array));
    }
    auto file = arrow::MakeArrayFromScalar(arrow::UInt64Scalar(position_ - 1), batch.num_rows());
    if (!file.ok()) return std::unexpected(not_placed(file.status()));
    arrow::Int64Builder rows;
    if (auto status = rows.Reserve(batch.num_rows()); !status.ok()) return std::unexpected(not_placed(status));
    for (std::int64_t i = 0; i < batch.num_rows(); ++i) rows.UnsafeAppend(row_++);
    auto row = rows.Finish();
    if (!row.ok()) return std::unexpected(not_placed(row.status()));
    arrays.push_back(std::move(*file));
    arrays.push_back(std::move(*row));
    return arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(arrays));
  }

  const DatasetKind kind_;
  const std::vector<DataFile> files_;
  const std::vector<std::string> fine_;
  const CancelToken cancel_;
  std::size_t position_ = 0;  // of the file behind the open one
  std::int64_t row_ = 0;      // the next one's place in its file
  std::unique_ptr<BatchStream> file_;
  SchemaPtr columns_;
  SchemaPtr schema_;
};

}  // namespace

Result<std::unique_ptr<BatchStream>> open_streamed_run(const Dataset& dataset, const FileRun& run, CancelToken cancel) {
  auto stream = std::make_unique<StreamedRun>(dataset, run, std::move(cancel));
  CANVASBACK_TRY(stream->start());
  return stream;
}

}  // namespace canvasback
