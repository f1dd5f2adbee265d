#include "storage/parquet/column_scan.hpp"

#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/chunked_array.h>
#include <arrow/io/file.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/statistics.h>

#include "base/limits.hpp"
#include "storage/parquet/column_decoder.hpp"
#include "storage/parquet/column_order.hpp"
#include "storage/parquet/footer.hpp"
#include "storage/parquet/guard.hpp"

namespace canvasback {
namespace {

// A column chunk of more rows is read in parts.
constexpr std::int64_t kPartRows = 4 * limits::kBatchRows;

bool is_dictionary(parquet::Encoding::type encoding) {
  return encoding == parquet::Encoding::PLAIN_DICTIONARY || encoding == parquet::Encoding::RLE_DICTIONARY;
}

// Whether every data page refers to the dictionary. Where the footer does not count pages by encoding, PLAIN may be
// that of the dictionary page alone or of data pages, so it counts as the latter.
bool all_dictionary(const parquet::ColumnChunkMetaData& chunk) {
  if (chunk.type() != parquet::Type::BYTE_ARRAY || !chunk.has_dictionary_page()) return false;
  const auto& pages = chunk.encoding_stats();
  if (pages.empty()) {
    return std::ranges::none_of(chunk.encodings(), [](auto encoding) {
      return !is_dictionary(encoding) && encoding != parquet::Encoding::RLE &&
             encoding != parquet::Encoding::BIT_PACKED;
    });
  }
  return std::ranges::all_of(pages, [](const parquet::PageEncodingStats& page) {
    const bool data =
        page.page_type == parquet::PageType::DATA_PAGE || page.page_type == parquet::PageType::DATA_PAGE_V2;
    return !data || is_dictionary(page.encoding);
  });
}

class Reader final : public ColumnReader {
 public:
  Reader(const DataFile& file, FooterPtr footer, std::vector<int> leaves)
      : file_(file), footer_(std::move(footer)), leaves_(std::move(leaves)) {}

  Status open() {
    CANVASBACK_TRY(make(plain_, false));
    std::shared_ptr<arrow::Schema> schema;
    if (auto status = plain_->GetSchema(&schema); !status.ok()) return std::unexpected(arrow_error(file_.path, status));
    const std::string root = footer_->schema()->Column(leaves_[0])->path()->ToDotVector()[0];
    const auto field = schema->GetFieldByName(root);
    if (!field) return std::unexpected(parquet_error(file_.path, "column " + root + " is not a single one"));
    type_ = field->type();
    return {};
  }

  const std::shared_ptr<arrow::DataType>& type() const override { return type_; }

  Status read(int row_group, const std::function<Status(const arrow::Array&)>& visit) override {
    return guard_parquet(file_.path, [&]() -> Status {
      const auto group = footer_->RowGroup(row_group);
      // libparquet makes dictionaries of the small types alone, whatever the file's Arrow schema says.
      const bool small = type_->id() != arrow::Type::LARGE_STRING && type_->id() != arrow::Type::LARGE_BINARY &&
                         type_->id() != arrow::Type::STRING_VIEW && type_->id() != arrow::Type::BINARY_VIEW;
      const auto* column = footer_->schema()->Column(leaves_[0]);
      const bool flat = leaves_.size() == 1 && column->path()->ToDotVector().size() == 1;
      // Below a list or in a struct a dictionary would be of another type than the column.
      const bool dictionary = small && flat && all_dictionary(*group->ColumnChunk(leaves_[0]));
      auto& reader = dictionary ? dictionary_ : plain_;
      if (!reader) CANVASBACK_TRY(make(reader, true));
      if (!dictionary && flat && is_decodable(*column, *group->ColumnChunk(leaves_[0]), *type_)) {
        return decode(row_group, group->num_rows(), visit);
      }
      if (group->num_rows() <= kPartRows) return read_whole(*reader, row_group, visit);
      return read_parts(*reader, row_group, visit);
    });
  }

 private:
  Status make(std::unique_ptr<parquet::arrow::FileReader>& reader, bool dictionary) {
    CANVASBACK_ASSIGN(auto bytes, open_data_file(file_));
    return guard_parquet(file_.path, [&]() -> Status {
      parquet::ReaderProperties properties;
      properties.set_page_checksum_verification(true);
      for (int group = 0; group < footer_->num_row_groups(); ++group) {
        for (int leaf : leaves_) {
          if (footer_->RowGroup(group)->ColumnChunk(leaf)->total_compressed_size() <= kBufferedChunkBytes) continue;
          properties.enable_buffered_stream();
        }
      }
      parquet::ArrowReaderProperties arrow_properties(false);
      arrow_properties.set_batch_size(kPartRows);
      arrow_properties.set_pre_buffer(false);
      if (dictionary) arrow_properties.set_read_dictionary(leaves_[0], true);
      auto raw = parquet::ParquetFileReader::Open(bytes, properties, footer_);
      auto made = parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(raw), arrow_properties);
      if (!made.ok()) return std::unexpected(arrow_error(file_.path, made.status()));
      reader = std::move(*made);
      return {};
    });
  }

  Status decode(int row_group, std::int64_t rows, const std::function<Status(const arrow::Array&)>& visit) const {
    const auto group = plain_->parquet_reader()->RowGroup(row_group);
    const auto decoder = make_column_decoder(*footer_->schema()->Column(leaves_[0]), type_,
                                             [&] { return group->GetColumnPageReader(leaves_[0]); });
    for (std::int64_t left = rows; left > 0;) {
      const auto array = decoder->read(std::min(left, limits::kBatchRows));
      left -= array->length();
      CANVASBACK_TRY(visit(*array));
    }
    return {};
  }

  Status check(const arrow::Array& array) const {
    const auto& type = array.type_id() == arrow::Type::DICTIONARY
                           ? static_cast<const arrow::DictionaryType&>(*array.type()).value_type()
                           : array.type();
    if (type->Equals(*type_)) return {};
    return std::unexpected(parquet_error(file_.path, "a column has another type than the file's schema says"));
  }

  Status read_whole(parquet::arrow::FileReader& reader, int row_group,
                    const std::function<Status(const arrow::Array&)>& visit) const {
    auto table = reader.ReadRowGroup(row_group, leaves_);
    if (!table.ok()) return std::unexpected(arrow_error(file_.path, table.status()));
    if ((*table)->num_rows() != footer_->RowGroup(row_group)->num_rows()) {
      return std::unexpected(parquet_error(file_.path, "a row group is shorter than its footer says"));
    }
    for (const auto& chunk : (*table)->column(0)->chunks()) {
      CANVASBACK_TRY(check(*chunk));
      CANVASBACK_TRY(visit(*chunk));
    }
    return {};
  }

  Status read_parts(parquet::arrow::FileReader& reader, int row_group,
                    const std::function<Status(const arrow::Array&)>& visit) const {
    auto parts = reader.GetRecordBatchReader({row_group}, leaves_);
    if (!parts.ok()) return std::unexpected(arrow_error(file_.path, parts.status()));
    std::int64_t left = footer_->RowGroup(row_group)->num_rows();
    while (true) {
      std::shared_ptr<arrow::RecordBatch> batch;
      if (auto status = (*parts)->ReadNext(&batch); !status.ok())
        return std::unexpected(arrow_error(file_.path, status));
      if (!batch) break;
      left -= batch->num_rows();
      CANVASBACK_TRY(check(*batch->column(0)));
      CANVASBACK_TRY(visit(*batch->column(0)));
    }
    if (left == 0) return {};
    return std::unexpected(parquet_error(file_.path, "a row group is shorter than its footer says"));
  }

  DataFile file_;
  FooterPtr footer_;
  std::vector<int> leaves_;
  std::shared_ptr<arrow::DataType> type_;
  std::unique_ptr<parquet::arrow::FileReader> plain_;
  std::unique_ptr<parquet::arrow::FileReader> dictionary_;  // made when a row group first wants it
};

bool bounds_are_exact(const parquet::Statistics& statistics, const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      // A writer may cut long texts; only one that says it did not is believed.
      return statistics.is_min_value_exact().value_or(false) && statistics.is_max_value_exact().value_or(false);
    case arrow::Type::BOOL:
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32: return true;
    default: return false;
  }
}

// The bounds of one column chunk; false where they are not to be relied on. A chunk of nulls adds none.
bool add_chunk(const parquet::ColumnChunkMetaData& chunk, FooterFacts& facts, arrow::ArrayVector& bounds) {
  const auto statistics = readable_statistics(chunk);
  if (!statistics || !statistics->HasNullCount()) return false;
  facts.nulls += statistics->null_count();
  if (statistics->num_values() == 0 && statistics->null_count() == chunk.num_values()) return true;
  if (!statistics->HasMinMax() || !has_believable_order(*statistics->descr())) return false;
  std::shared_ptr<arrow::Scalar> low;
  std::shared_ptr<arrow::Scalar> high;
  if (!parquet::arrow::StatisticsAsScalars(*statistics, &low, &high).ok() || !low || !high) return false;
  if (!bounds_are_exact(*statistics, *low->type)) return false;
  for (const auto& scalar : {low, high}) {
    auto array = arrow::MakeArrayFromScalar(*scalar, 1);
    if (!array.ok() || (!bounds.empty() && !(*array)->type()->Equals(*bounds[0]->type()))) return false;
    bounds.push_back(std::move(*array));
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<ColumnReader>> ColumnReader::open(const DataFile& file, const std::string& column) {
  CANVASBACK_ASSIGN(FooterPtr footer, read_footer(file));
  return guard_parquet(file.path, [&]() -> Result<std::unique_ptr<ColumnReader>> {
    std::vector<int> leaves = leaves_of(*footer, column);
    if (leaves.empty()) return fail(ErrorCode::InvalidData, "There is no column \"" + column + "\".");
    auto reader = std::make_unique<Reader>(file, std::move(footer), std::move(leaves));
    CANVASBACK_TRY(reader->open());
    return reader;
  });
}

Result<std::uint64_t> column_bytes(const Dataset& dataset, const std::string& column) {
  std::uint64_t sum = 0;
  for (const DataFile& file : dataset.files) {
    CANVASBACK_ASSIGN(FooterPtr footer, read_footer(file));
    CANVASBACK_TRY(guard_parquet(file.path, [&]() -> Status {
      for (int leaf : leaves_of(*footer, column)) {
        for (int group = 0; group < footer->num_row_groups(); ++group) {
          const auto chunk = footer->RowGroup(group)->ColumnChunk(leaf);
          sum += static_cast<std::uint64_t>(std::max<std::int64_t>(chunk->total_uncompressed_size(), 0)) + 1;
        }
      }
      return {};
    }));
  }
  return sum;
}

Result<std::optional<FooterFacts>> footer_facts(const Dataset& dataset, const std::string& column) {
  FooterFacts facts;
  arrow::ArrayVector bounds;
  for (const DataFile& file : dataset.files) {
    CANVASBACK_ASSIGN(FooterPtr footer, read_footer(file));
    CANVASBACK_ASSIGN(
        bool exact, guard_parquet(file.path, [&]() -> Result<bool> {
          const std::vector<int> leaves = leaves_of(*footer, column);
          if (leaves.size() != 1 || footer->schema()->Column(leaves[0])->path()->ToDotVector().size() != 1)
            return false;
          for (int group = 0; group < footer->num_row_groups(); ++group) {
            if (!add_chunk(*footer->RowGroup(group)->ColumnChunk(leaves[0]), facts, bounds)) return false;
          }
          return true;
        }));
    if (!exact) return std::optional<FooterFacts>();
  }
  if (bounds.empty()) return std::optional<FooterFacts>();
  auto joined = arrow::Concatenate(bounds);
  if (!joined.ok()) return std::optional<FooterFacts>();
  facts.bounds = std::move(*joined);
  return std::optional(std::move(facts));
}

}  // namespace canvasback
