#include "storage/parquet/part_writer.hpp"

#include <arrow/table.h>
#include <arrow/type_traits.h>
#include <arrow/util/key_value_metadata.h>
#include <arrow/util/thread_pool.h>
#include <errno.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <cstring>

#include "base/limits.hpp"
#include "record/kinds.hpp"
#include "storage/parquet/checksum_stream.hpp"
#include "storage/parquet/descriptor_stream.hpp"
#include "storage/parquet/file_checksums.hpp"
#include "storage/parquet/footer.hpp"
#include "storage/parquet/steady_pool.hpp"

namespace canvasback {
namespace {

// Of a commit: a page that grows to libparquet's own megabyte is copied from buffer to buffer on the way, beyond the
// processor's caches; measured, a file of events comes in 7 % sooner with these.
constexpr std::int64_t kQuickPageBytes = 64 * limits::kKiB;
constexpr std::size_t kQuickWriteBehindBytes = limits::kMiB;

// The text leaves of a column, by the names that Parquet gives them.
void add_text_leaves(const std::string& path, const arrow::DataType& type, std::vector<std::string>& out) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY: out.push_back(path); return;
    case arrow::Type::LIST: return add_text_leaves(path + ".list.element", *type.field(0)->type(), out);
    case arrow::Type::STRUCT:
      for (const auto& field : type.fields()) add_text_leaves(path + "." + field->name(), *field->type(), out);
      return;
    default: return;
  }
}

class ParquetPartWriter final : public PartWriter {
 public:
  ParquetPartWriter(int fd, PartWriterOptions options)
      : options_(std::move(options)),
        fd_(fd),
        // Somebody waits for a commit to be synced.
        stream_(std::make_shared<DescriptorStream>(
            fd, options_.quick ? kQuickWriteBehindBytes : limits::kWriteBehindBytes)),
        summed_(std::make_shared<ChecksumStream>(stream_)) {}
  ~ParquetPartWriter() override { stream_->drop(); }

  Status begin(const SchemaPtr& schema) {
    return guard([&]() -> arrow::Status {
      parquet::WriterProperties::Builder builder;
      builder.memory_pool(&memory_);
      builder.version(parquet::ParquetVersion::PARQUET_2_6)
          ->max_row_group_length(options_.row_group_rows > 0 ? options_.row_group_rows : INT32_MAX)
          ->created_by(kPartCreator)
          ->enable_page_checksum()  // without one a flipped bit in a value is a value like any other
          ->enable_statistics();
      if (options_.quick) {
        builder.compression(arrow::Compression::LZ4)->disable_dictionary()->data_pagesize(kQuickPageBytes);
        for (const std::string& column : options_.dictionary_columns) builder.enable_dictionary(column);
        for (const std::string& column : options_.uncompressed_columns) {
          builder.compression(column, arrow::Compression::UNCOMPRESSED);
        }
        // The least and greatest text cost a comparison or two for each value, and skip nothing in a file that is
        // small; ids have their Bloom filter.
        std::vector<std::string> texts;
        for (const auto& field : schema->fields()) add_text_leaves(field->name(), *field->type(), texts);
        for (const std::string& column : texts) builder.disable_statistics(column);
        builder.set_size_statistics_level(parquet::SizeStatisticsLevel::None);
      } else {
        builder.compression(arrow::Compression::ZSTD)->compression_level(options_.zstd_level);
        for (const std::string& column : options_.varied_columns) {
          builder.disable_dictionary(column);
          const auto field = schema->GetFieldByName(column);
          if (field && is_whole_number(*field->type())) {
            builder.encoding(column, parquet::Encoding::DELTA_BINARY_PACKED);
          }
        }
        if (options_.decimals_as_integers) builder.enable_store_decimal_as_integer();
      }
      for (const std::string& column : options_.bloom_columns) {
        // Ids are all different: a dictionary of them would be built and thrown away.
        builder.disable_dictionary(column);
        parquet::BloomFilterOptions bloom;
        bloom.ndv = static_cast<std::int32_t>(std::min(options_.bloom_values, limits::kPartRowGroupRows));
        // A filter's size is a power of two: for the row groups of parts this doubles it, two bytes a row, and hardly
        // any row group is then looked at for nothing. Of 800 row groups with half of it eighteen were.
        if (!options_.quick) bloom.fpp = 0.01;
        builder.enable_bloom_filter(column, bloom);
      }
      parquet::ArrowWriterProperties::Builder arrow_builder;
      arrow_builder.store_schema();
      if (options_.threads > 1) {
        ARROW_ASSIGN_OR_RAISE(pool_, arrow::internal::ThreadPool::Make(options_.threads));
        arrow_builder.set_use_threads(true)->set_executor(pool_.get());
      }
      ARROW_ASSIGN_OR_RAISE(writer_, parquet::arrow::FileWriter::Open(*schema, &memory_, summed_, builder.build(),
                                                                      arrow_builder.build()));
      return arrow::Status::OK();
    });
  }

  Status write_row_group(const arrow::Table& table) override {
    return guard([&]() -> arrow::Status {
      // Its columns are encoded side by side only in a buffered row group.
      ARROW_RETURN_NOT_OK(writer_->NewBufferedRowGroup());
      arrow::TableBatchReader reader(table);
      reader.set_chunksize(limits::kPartRowGroupRows);
      std::shared_ptr<arrow::RecordBatch> batch;
      while (true) {
        ARROW_RETURN_NOT_OK(reader.ReadNext(&batch));
        if (!batch) break;
        ARROW_RETURN_NOT_OK(writer_->WriteRecordBatch(*batch));
      }
      rows_ += table.num_rows();
      return arrow::Status::OK();
    });
  }

  Status write_batch(const arrow::RecordBatch& batch) override {
    return guard([&]() -> arrow::Status {
      rows_ += batch.num_rows();
      return writer_->WriteRecordBatch(batch);
    });
  }

  std::int64_t rows() const override { return rows_; }

  Result<WrittenPart> finish(const std::string& info) override {
    WrittenPart out;
    CANVASBACK_TRY(guard([&]() -> arrow::Status {
      ARROW_RETURN_NOT_OK(writer_->AddKeyValueMetadata(
          arrow::key_value_metadata({kPartInfoKey, kChecksumsKey}, {info, to_text(FileChecksums())})));
      ARROW_RETURN_NOT_OK(writer_->Close());
      ARROW_RETURN_NOT_OK(stream_->Close());
      ARROW_RETURN_NOT_OK(summed_->write_checksums(fd_));
      const auto footer = writer_->metadata();
      out.rows = footer->num_rows();
      for (int group = 0; group < footer->num_row_groups(); ++group) {
        out.row_group_rows.push_back(footer->RowGroup(group)->num_rows());
      }
      return arrow::Status::OK();
    }));
    out.bytes = static_cast<std::uint64_t>(*stream_->Tell());
    return out;
  }

 private:
  // As Parquet stores it: in 32 or 64 bits.
  bool is_whole_number(const arrow::DataType& type) const {
    if (type.id() == arrow::Type::DECIMAL128) {
      return options_.decimals_as_integers && static_cast<const arrow::Decimal128Type&>(type).precision() <= 18;
    }
    return arrow::is_integer(type.id()) || type.id() == arrow::Type::DATE32 || type.id() == arrow::Type::TIMESTAMP;
  }

  // libparquet throws below its Arrow interface.
  template <class Step>
  Status guard(Step step) {
    arrow::Status status;
    try {
      status = step();
    } catch (const std::bad_alloc&) {
      return fail(ErrorCode::MemoryLimit, "Writing the records needs more memory than a worker has.");
    } catch (const std::exception& error) {
      status = arrow::Status::UnknownError(error.what());
    }
    if (status.ok()) return {};
    const int error = stream_->error_number();
    if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
      return fail(ErrorCode::StorageLimit, "The disk is full: the records were not kept.", std::strerror(error));
    }
    if (error != 0) return fail(ErrorCode::Unavailable, "The records could not be written.", std::strerror(error));
    if (status.IsOutOfMemory()) return fail(ErrorCode::MemoryLimit, "Writing the records needs more memory.");
    return fail(ErrorCode::DataProcessing, "The records could not be written as Parquet.", status.ToString());
  }

  PartWriterOptions options_;
  SteadyPool memory_;  // outlives what writes
  const int fd_;
  std::shared_ptr<DescriptorStream> stream_;           // shared: Arrow's writers ask for it so
  std::shared_ptr<ChecksumStream> summed_;             // in front of it
  std::shared_ptr<arrow::internal::ThreadPool> pool_;  // as Arrow makes it; before writer_, which uses it
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::int64_t rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<PartWriter>> PartWriter::open(int fd, SchemaPtr schema, PartWriterOptions options) {
  auto writer = std::make_unique<ParquetPartWriter>(fd, std::move(options));
  CANVASBACK_TRY(writer->begin(schema));
  return writer;
}

std::vector<std::string> filtered_columns(const arrow::Schema& schema, const std::vector<std::string>& columns) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& name) {
    const auto field = schema.GetFieldByName(name);
    if (field && (field->type()->id() == arrow::Type::STRING || field->type()->id() == arrow::Type::INT64)) {
      out.push_back(name);
    }
  };
  add(std::string(kIdColumn));
  for (const std::string& column : columns) add(column);
  return out;
}

Result<std::string> read_part_info(const DataFile& file) {
  CANVASBACK_ASSIGN(FooterPtr footer, read_footer(file));
  const auto& metadata = footer->key_value_metadata();
  if (!metadata) return std::string();
  auto value = metadata->Get(kPartInfoKey);
  return value.ok() ? *value : std::string();
}

}  // namespace canvasback
