#include "storage/parquet/footer.hpp"

#include <arrow/io/file.h>
#include <arrow/scalar.h>
#include <fcntl.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <list>
#include <map>
#include <mutex>

#include "base/unique_fd.hpp"
#include "storage/file_identity.hpp"
#include "storage/parquet/column_order.hpp"
#include "storage/parquet/guard.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kFootersMax = 512;

// Least recently used first to go; a footer in use stays alive by its shared_ptr.
class FooterCache {
 public:
  FooterPtr find(const DataFile& file) {
    std::scoped_lock lock(mutex_);
    auto found = entries_.find(file.path);
    if (found == entries_.end() || !found->second.file.same_content(file)) return nullptr;
    order_.splice(order_.end(), order_, found->second.place);
    return found->second.footer;
  }
  void put(const DataFile& file, FooterPtr footer) {
    std::scoped_lock lock(mutex_);
    auto [entry, added] = entries_.try_emplace(file.path);
    if (added) entry->second.place = order_.insert(order_.end(), file.path);
    entry->second.file = file;
    entry->second.footer = std::move(footer);
    if (entries_.size() > kFootersMax) {
      entries_.erase(order_.front());
      order_.pop_front();
    }
  }

 private:
  struct Entry {
    DataFile file;
    FooterPtr footer;
    std::list<std::string>::iterator place;
  };
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::list<std::string> order_;
};

FooterCache& footer_cache() {
  static FooterCache cache;
  return cache;
}

Result<std::shared_ptr<arrow::Schema>> arrow_schema_of(const DataFile& file, const parquet::FileMetaData& footer) {
  return guard_parquet(file.path, [&]() -> Result<std::shared_ptr<arrow::Schema>> {
    std::shared_ptr<arrow::Schema> schema;
    parquet::ArrowReaderProperties properties;
    auto status = parquet::arrow::FromParquetSchema(footer.schema(), properties, footer.key_value_metadata(), &schema);
    if (!status.ok()) return std::unexpected(arrow_error(file.path, status));
    return schema;
  });
}

// Types whose values are the same whether Arrow or the engine reads them.
bool is_plain(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::DATE32:
    case arrow::Type::DECIMAL128: return true;
    case arrow::Type::TIMESTAMP: {
      const auto& zone = static_cast<const arrow::TimestampType&>(type).timezone();
      return zone.empty() || zone == "UTC" || zone == "Etc/UTC";
    }
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::STRUCT:
      for (const auto& field : type.fields()) {
        if (!is_plain(*field->type())) return false;
      }
      return true;
    default: return false;
  }
}

bool is_plain(const arrow::Schema& schema) {
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (!is_plain(*schema.field(i)->type())) return false;
    if (schema.GetAllFieldIndices(schema.field(i)->name()).size() != 1) return false;
  }
  return true;
}

// An INT96 timestamp, a UUID or an ENUM has an Arrow type that looks plain; its physical or logical type gives it away.
bool has_odd_leaf(const parquet::FileMetaData& footer) {
  for (int i = 0; i < footer.num_columns(); ++i) {
    const auto* column = footer.schema()->Column(i);
    if (column->physical_type() == parquet::Type::INT96) return true;
    const auto& logical = column->logical_type();
    if (logical && (logical->is_UUID() || logical->is_JSON() || logical->is_BSON() || logical->is_interval() ||
                    logical->is_enum())) {
      return true;
    }
  }
  return false;
}

struct ColumnStatistics {
  std::shared_ptr<arrow::Scalar> min;
  std::shared_ptr<arrow::Scalar> max;
  std::int64_t nulls = 0;
  bool has_bounds = true;
  bool has_nulls = true;
};

// Orders two scalars of one type; false also where the type has no order here.
bool less(const arrow::Scalar& left, const arrow::Scalar& right) {
  auto compare = [&]<class Scalar>(const Scalar*) {
    return static_cast<const Scalar&>(left).value < static_cast<const Scalar&>(right).value;
  };
  switch (left.type->id()) {
    case arrow::Type::BOOL: return compare(static_cast<arrow::BooleanScalar*>(nullptr));
    case arrow::Type::INT8: return compare(static_cast<arrow::Int8Scalar*>(nullptr));
    case arrow::Type::INT16: return compare(static_cast<arrow::Int16Scalar*>(nullptr));
    case arrow::Type::INT32: return compare(static_cast<arrow::Int32Scalar*>(nullptr));
    case arrow::Type::INT64: return compare(static_cast<arrow::Int64Scalar*>(nullptr));
    case arrow::Type::UINT8: return compare(static_cast<arrow::UInt8Scalar*>(nullptr));
    case arrow::Type::UINT16: return compare(static_cast<arrow::UInt16Scalar*>(nullptr));
    case arrow::Type::UINT32: return compare(static_cast<arrow::UInt32Scalar*>(nullptr));
    case arrow::Type::UINT64: return compare(static_cast<arrow::UInt64Scalar*>(nullptr));
    case arrow::Type::FLOAT: return compare(static_cast<arrow::FloatScalar*>(nullptr));
    case arrow::Type::DOUBLE: return compare(static_cast<arrow::DoubleScalar*>(nullptr));
    case arrow::Type::DATE32: return compare(static_cast<arrow::Date32Scalar*>(nullptr));
    case arrow::Type::TIMESTAMP: return compare(static_cast<arrow::TimestampScalar*>(nullptr));
    case arrow::Type::TIME32: return compare(static_cast<arrow::Time32Scalar*>(nullptr));
    case arrow::Type::TIME64: return compare(static_cast<arrow::Time64Scalar*>(nullptr));
    case arrow::Type::DECIMAL128: return compare(static_cast<arrow::Decimal128Scalar*>(nullptr));
    case arrow::Type::DECIMAL256: return compare(static_cast<arrow::Decimal256Scalar*>(nullptr));
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      return static_cast<const arrow::BaseBinaryScalar&>(left).view() <
             static_cast<const arrow::BaseBinaryScalar&>(right).view();
    default: return false;
  }
}

bool is_nan(const arrow::Scalar& scalar) {
  switch (scalar.type->id()) {
    case arrow::Type::DOUBLE: return std::isnan(static_cast<const arrow::DoubleScalar&>(scalar).value);
    case arrow::Type::FLOAT: return std::isnan(static_cast<const arrow::FloatScalar&>(scalar).value);
    default: return false;
  }
}

// Whether less() knows the order of a type. Bytes are no texts to show, whatever their order.
bool is_ordered(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::FIXED_SIZE_BINARY:
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::EXTENSION: return false;
    default: return true;
  }
}

// Writers cut the bounds of texts at this length or more, and not all of them say so.
constexpr std::size_t kWholeBoundBytesMax = 63;

// Bounds that are values of the column: not cut by the writer, in an order, and none of them NaN.
bool are_values(const parquet::Statistics& statistics, const arrow::Scalar& min, const arrow::Scalar& max) {
  const bool may_be_cut = statistics.physical_type() == parquet::Type::BYTE_ARRAY && !statistics.is_max_value_exact() &&
                          std::max(statistics.EncodeMin().size(), statistics.EncodeMax().size()) > kWholeBoundBytesMax;
  if (may_be_cut) return false;
  if (!statistics.is_min_value_exact().value_or(true) || !statistics.is_max_value_exact().value_or(true)) return false;
  return has_believable_order(*statistics.descr()) && is_ordered(*min.type) && !is_nan(min) && !is_nan(max) &&
         !less(max, min);
}

void merge(ColumnStatistics& sum, const parquet::Statistics* statistics) {
  if (statistics == nullptr) {
    sum.has_bounds = sum.has_nulls = false;
    return;
  }
  if (statistics->HasNullCount()) {
    sum.nulls += statistics->null_count();
  } else {
    sum.has_nulls = false;
  }
  if (!sum.has_bounds) return;
  if (!statistics->HasMinMax()) {
    // A row group of nothing but NULLs has no bounds and changes none.
    sum.has_bounds = statistics->HasNullCount() && statistics->num_values() == 0;
    return;
  }
  std::shared_ptr<arrow::Scalar> min;
  std::shared_ptr<arrow::Scalar> max;
  if (!parquet::arrow::StatisticsAsScalars(*statistics, &min, &max).ok() || !min || !max ||
      !are_values(*statistics, *min, *max)) {
    sum.has_bounds = false;
    return;
  }
  if (sum.min && sum.min->type->id() != min->type->id()) {
    sum.has_bounds = false;
    return;
  }
  if (!sum.min || less(*min, *sum.min)) sum.min = min;
  if (!sum.max || less(*sum.max, *max)) sum.max = max;
}

void collect_statistics(const parquet::FileMetaData& footer, std::map<std::string, ColumnStatistics>& sums) {
  for (int column = 0; column < footer.num_columns(); ++column) {
    const auto path = footer.schema()->Column(column)->path()->ToDotVector();
    if (path.size() != 1) continue;  // nested values have no bounds of their own row
    ColumnStatistics& sum = sums[path[0]];
    for (int group = 0; group < footer.num_row_groups(); ++group) {
      merge(sum, readable_statistics(*footer.RowGroup(group)->ColumnChunk(column)).get());
    }
  }
}

void apply_statistics(Dataset& dataset, const std::vector<std::string>& unchanged,
                      const std::map<std::string, ColumnStatistics>& sums) {
  for (DatasetColumn& column : dataset.columns) {
    auto found = sums.find(column.name);
    if (found == sums.end() || std::ranges::find(unchanged, column.name) == unchanged.end()) continue;
    const ColumnStatistics& sum = found->second;
    if (sum.has_nulls) column.null_count = sum.nulls;
    // A NaN among the values would make the bounds of a float column untrue; writers leave such bounds out.
    if (sum.has_bounds && sum.min && sum.max) {
      column.min = sum.min->ToString();
      column.max = sum.max->ToString();
    }
  }
}

}  // namespace

std::vector<int> leaves_of(const parquet::FileMetaData& footer, const std::string& column) {
  std::vector<int> leaves;
  for (int i = 0; i < footer.num_columns(); ++i) {
    if (footer.schema()->Column(i)->path()->ToDotVector()[0] == column) leaves.push_back(i);
  }
  return leaves;
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_data_file(const DataFile& file) {
  UniqueFd fd(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    return fail(ErrorCode::InvalidData, fmt::format("The file {} cannot be opened.", file.path), std::to_string(errno));
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0 || !has_identity(file, info)) return std::unexpected(changed_file(file.path));
  auto opened = arrow::io::ReadableFile::Open(fd.get());
  if (!opened.ok()) return std::unexpected(arrow_error(file.path, opened.status()));
  fd.release();
  return std::shared_ptr<arrow::io::RandomAccessFile>(std::move(*opened));
}

Result<FooterPtr> read_footer(const DataFile& file) {
  if (FooterPtr known = footer_cache().find(file)) return known;
  CANVASBACK_ASSIGN(auto bytes, open_data_file(file));
  return guard_parquet(file.path, [&]() -> Result<FooterPtr> {
    FooterPtr footer = parquet::ParquetFileReader::Open(bytes)->metadata();
    footer_cache().put(file, footer);
    return footer;
  });
}

namespace {

// Whether the rows of files of this schema can be had without the engine, under the names of the dataset's columns.
bool is_plain_file(const Dataset& dataset, const arrow::Schema& schema, const parquet::FileMetaData& footer) {
  if (schema.num_fields() != static_cast<int>(dataset.columns.size())) return false;
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (schema.field(i)->name() != dataset.columns[static_cast<std::size_t>(i)].name) return false;
  }
  return is_plain(schema) && !has_odd_leaf(footer);
}

}  // namespace

Status add_parquet_footers(Dataset& dataset, const std::vector<std::string>& unchanged) {
  std::map<std::string, ColumnStatistics> sums;
  std::shared_ptr<arrow::Schema> first;
  dataset.rows = 0;
  dataset.plain_scan = !dataset.union_by_name && !dataset.hive_partitioning && dataset.fine_columns.empty();
  for (DataFile& file : dataset.files) {
    CANVASBACK_ASSIGN(FooterPtr footer, read_footer(file));
    CANVASBACK_TRY(guard_parquet(file.path, [&]() -> Status {
      // What the footer says of all row groups together may be missing; readers go by the groups.
      file.rows = 0;
      file.row_group_rows.clear();
      for (int group = 0; group < footer->num_row_groups(); ++group) {
        file.row_group_rows.push_back(footer->RowGroup(group)->num_rows());
        file.rows += file.row_group_rows.back();
        if (file.row_group_rows.back() < 0) return std::unexpected(parquet_error(file.path, "negative row count"));
      }
      if (footer->num_rows() > 0 && footer->num_rows() != file.rows) {
        return std::unexpected(parquet_error(file.path, "its row groups do not add up"));
      }
      collect_statistics(*footer, sums);
      return {};
    }));
    dataset.rows += file.rows;
    if (!dataset.plain_scan) continue;
    const auto schema = arrow_schema_of(file, *footer);
    dataset.plain_scan =
        schema && is_plain_file(dataset, **schema, *footer) && (!first || first->Equals(**schema, false));
    if (schema && !first) first = *schema;
  }
  apply_statistics(dataset, unchanged, sums);
  return {};
}

Status add_parquet_footers(Dataset& dataset) {
  std::vector<std::string> names;
  for (const DatasetColumn& column : dataset.columns) names.push_back(column.name);
  return add_parquet_footers(dataset, names);
}

}  // namespace canvasback
