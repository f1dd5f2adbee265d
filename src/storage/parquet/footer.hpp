// Parquet footers: read once per file content and kept while they are used (a bounded cache per process).
// A file is opened by path and must still be the file that was listed (storage/file_identity.hpp), else InvalidData.
// Errors of libparquet and of the file become InvalidData that names the file: a damaged file is the data's fault.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "storage/dataset.hpp"
#include "stream/batch_stream.hpp"

namespace parquet {
class FileMetaData;
}
namespace arrow::io {
class RandomAccessFile;
}

namespace canvasback {

using FooterPtr = std::shared_ptr<parquet::FileMetaData>;

// The file's bytes, opened and checked against its identity.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_data_file(const DataFile& file);

// The leaf columns below a top-level column; empty where there is none of that name.
std::vector<int> leaves_of(const parquet::FileMetaData& footer, const std::string& column);

// A column chunk larger than this is read through a small buffer instead of at once.
inline constexpr std::int64_t kBufferedChunkBytes = 8 * static_cast<std::int64_t>(limits::kMiB);

// The footer of a file; from the cache where the same content was read before. Thread-safe.
Result<FooterPtr> read_footer(const DataFile& file);

// Fills in what the footers know: rows, row groups, min, max and null counts of the columns `unchanged` (those that are
// in every file as they are in the dataset), and whether the files share one schema that is plain enough for a scan
// without the engine. Everything else of the dataset must be set: names and types of its columns are the engine's.
Status add_parquet_footers(Dataset& dataset, const std::vector<std::string>& unchanged);
// All of its columns are unchanged.
Status add_parquet_footers(Dataset& dataset);

}  // namespace canvasback
