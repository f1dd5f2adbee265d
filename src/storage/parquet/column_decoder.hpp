// ColumnDecoder: the values of one flat Parquet column chunk as Arrow arrays. For the types and encodings that nearly
// all files consist of; whatever else there is, Arrow's own reader decodes (row_group_reader.hpp chooses). It exists
// because it skips to a row without decoding what lies before, and is faster than Arrow's record readers
// (bench/micro/parquet_decode.cpp). Errors: ParquetException.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>

namespace parquet {
class ColumnChunkMetaData;
class ColumnDescriptor;
class PageReader;
}  // namespace parquet

namespace canvasback {

// Opens the chunk's pages, which reads from the file.
using OpenPages = std::function<std::unique_ptr<parquet::PageReader>()>;

class ColumnDecoder {
 public:
  virtual ~ColumnDecoder() = default;

  // What the next rows will take, in bytes a row: an estimate from the page or dictionary at hand.
  virtual std::int64_t row_bytes() = 0;
  virtual void skip(std::int64_t rows) = 0;
  // The next rows: at most so many, at least one; fewer where texts grow large. Precondition: rows > 0.
  virtual std::shared_ptr<arrow::Array> read(std::int64_t rows) = 0;
};

bool is_decodable(const parquet::ColumnDescriptor& column, const parquet::ColumnChunkMetaData& chunk,
                  const arrow::DataType& type);

// open: called when the first row is wanted, by the thread that wants it. Precondition: is_decodable().
std::unique_ptr<ColumnDecoder> make_column_decoder(const parquet::ColumnDescriptor& column,
                                                   std::shared_ptr<arrow::DataType> type, OpenPages open);

}  // namespace canvasback
