// PulledPartWriter: rows of a pulled table into a new part and its key map, through descriptors that the front opened.
// Row groups are of limits::kPartRowGroupRows; how columns are encoded is chosen by the first rows. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "storage/parquet/part_writer.hpp"
#include "storage/table/pulled/key_bytes.hpp"
#include "storage/table/pulled/key_map.hpp"
#include "storage/table/pulled/pulled_table.hpp"
#include "worker/child/work_feed.hpp"

namespace canvasback {

// What belongs to the rows of a batch beside their values, by row.
struct PulledRows {
  BatchPtr values;
  KeyList keys;                          // key_bytes.hpp
  std::vector<std::int64_t> changed_us;  // kNoTime where it is NULL
  std::vector<std::uint64_t> hashes;     // row_hashes.hpp
  std::vector<std::string> periods;      // names of folders
  std::vector<std::uint32_t> period_of;  // by row: which of them

  std::int64_t rows() const { return static_cast<std::int64_t>(keys.size()); }
  // The rows of these numbers, in their order.
  Result<PulledRows> take(std::span<const std::int64_t> numbers) const;
};

class PulledPartWriter {
 public:
  // period: the folder, kRecent for rows of several periods. `number`: that the part is going to have. At least one row
  // is added before finish().
  static Result<std::unique_ptr<PulledPartWriter>> open(std::uint64_t number, std::string period, SchemaPtr schema,
                                                        int threads, WorkFeed& feed, const CancelToken& cancel);

  Status add(const PulledRows& rows);
  std::int64_t rows() const { return keys_.rows(); }
  std::uint64_t number() const { return part_.number; }
  // Rows that have the key of another row of the part. After finish().
  std::int64_t repeated() const { return keys_.repeated(); }
  // Both files. Once, last. Errors: as those of PartWriter and KeyMapWriter.
  Result<PulledPart> finish();

 private:
  PulledPartWriter(WorkFeed& feed, const CancelToken& cancel) : feed_(feed), cancel_(cancel) {}
  Status begin(const arrow::RecordBatch& first);

  WorkFeed& feed_;
  const CancelToken& cancel_;
  SchemaPtr schema_;
  int threads_ = 1;
  UniqueFd file_;
  std::unique_ptr<PartWriter> writer_;
  KeyMapWriter keys_;
  PulledPart part_;
};

// The rows of a batch of these numbers, in their order.
Result<BatchPtr> take_rows(const arrow::RecordBatch& batch, std::span<const std::int64_t> numbers);

}  // namespace canvasback
