// PartWriter: record batches of one schema into one Parquet file of a collection, through a descriptor that somebody
// else opened and will sync. ZSTD (or LZ4), row groups as they are given, statistics, Bloom filters on the columns
// asked for, and a footer that says what the file is (storage/table/part_info.hpp) and the checksums of all bytes of it
// (file_checksums.hpp).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "stream/batch_stream.hpp"

namespace arrow {
class Table;
}

namespace canvasback {

struct PartWriterOptions {
  // For files that are soon merged into others: LZ4, values as they are where a dictionary would cost time for little.
  // Otherwise ZSTD of that level.
  bool quick = false;
  // Where quick: leaves by their path in Parquet, such as tags.list.element.
  std::vector<std::string> dictionary_columns;
  std::vector<std::string> uncompressed_columns;
  // Where not quick: columns whose values are mostly different, by their names. A dictionary of them would be built and
  // thrown away; whole numbers are stored as their differences instead.
  std::vector<std::string> varied_columns;
  bool decimals_as_integers = false;  // those of up to 18 digits; smaller, and sooner done
  int zstd_level = 1;
  int threads = 1;                  // columns encoded side by side
  std::int64_t row_group_rows = 0;  // where rows come in batches; 0: each table is one
  std::vector<std::string> bloom_columns;
  std::int64_t bloom_values = limits::kPartRowGroupRows;  // of a row group, that the filters are made for
};

struct WrittenPart {
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;
  std::vector<std::int64_t> row_group_rows;
};

class PartWriter {
 public:
  // fd: open for reading and writing at its start, and left open; it outlives the writer. Errors: StorageLimit when the
  // disk is full, Unavailable for other errors of writing, InvalidData for a type that Parquet has not.
  static Result<std::unique_ptr<PartWriter>> open(int fd, SchemaPtr schema, PartWriterOptions options);
  virtual ~PartWriter() = default;

  // One row group.
  virtual Status write_row_group(const arrow::Table& table) = 0;
  // Rows of a row group that goes on until PartWriterOptions::row_group_rows.
  virtual Status write_batch(const arrow::RecordBatch& batch) = 0;
  virtual std::int64_t rows() const = 0;
  // The footer, with `info` as the value of kPartInfoKey. Once, last; without it the file is no Parquet file.
  virtual Result<WrittenPart> finish(const std::string& info) = 0;
};

// The id and those of the columns that a Bloom filter can be made of: text and integers.
std::vector<std::string> filtered_columns(const arrow::Schema& schema, const std::vector<std::string>& columns);

inline constexpr const char* kPartInfoKey = "canvasback.part";
inline constexpr const char* kPartCreator = "canvasback";  // the footer's created_by

// The value of kPartInfoKey in a file's footer, or empty where it has none. Errors: InvalidData.
struct DataFile;
Result<std::string> read_part_info(const DataFile& file);

}  // namespace canvasback
