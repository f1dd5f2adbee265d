#include "worker/roles/maintain/pulled_merge.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <span>

#include "base/limits.hpp"
#include "encode/batch_bytes.hpp"
#include "storage/parquet/file_check.hpp"
#include "storage/parquet/scan.hpp"
#include "storage/table/pulled/pulled_merge_choice.hpp"
#include "worker/child/given_files.hpp"
#include "worker/write/pulled_part_writer.hpp"

namespace canvasback {
namespace {

std::int64_t time_at(const arrow::Array& array, std::int64_t row) {
  if (array.IsNull(row)) return kNoTime;
  if (array.type_id() == arrow::Type::DATE32) {
    return std::int64_t{static_cast<const arrow::Date32Array&>(array).Value(row)} * 86'400'000'000;
  }
  return static_cast<const arrow::TimestampArray&>(array).Value(row);
}

// The beginning of a key, in an order that numbers have, too.
std::pair<std::uint64_t, std::uint64_t> prefix_of(std::string_view key) {
  std::array<std::uint64_t, 2> words{};
  std::memcpy(words.data(), key.data(), sizeof words);
  return {__builtin_bswap64(words[0]), __builtin_bswap64(words[1])};
}

// First the order of all rows, by the partition column and the keys alone, 40 bytes a row; then the rows in that order,
// slice by slice. Inputs that have this order already are read once, others once for each slice.
class PartsMerge {
 public:
  PartsMerge(const PulledMergeWork& work, WorkFeed& feed, int threads, const CancelToken& cancel)
      : work_(work), feed_(feed), threads_(threads), cancel_(cancel), inputs_(work.table.parts.size()) {
    if (work.period != kNoPeriod && work.period != kWholeTable && work.period != kRecent) {
      period_ = parse_period(work.period, work.table.partition_every);
    }
  }
  ~PartsMerge() {
    for (const DataFile& file : work_.files.files) given_files::give(file.path, nullptr);
  }

  Result<PullOutcome> run() {
    for (std::uint32_t i = 0; i < inputs_.size(); ++i) CANVASBACK_TRY(open(i));
    CANVASBACK_TRY(sort_rows());
    PullOutcome out;
    CANVASBACK_ASSIGN(out.parts, write());
    out.dead = std::move(taken_);
    return out;
  }

 private:
  struct Input {
    std::unique_ptr<KeyMap> map;
    std::vector<std::uint32_t> places;  // in the map, by row
  };
  struct Row {
    std::int64_t time = kNoTime;
    std::pair<std::uint64_t, std::uint64_t> prefix;  // of the key
    std::uint32_t input = 0;
    std::uint32_t row = 0;
  };

  Result<UniqueFd> input(std::string_view name, const PulledPart& part) {
    Json request;
    request.set("name", name);
    request.set("number", part.number);
    return feed_.need_file(request, cancel_);
  }

  Result<std::unique_ptr<BatchStream>> scan(std::uint32_t index, std::vector<std::string> columns, std::int64_t offset,
                                            std::int64_t count) const {
    ScanOptions options;
    options.files.push_back(work_.files.files[index]);
    options.columns = std::move(columns);
    options.offset = offset;
    options.limit = count;
    options.threads = threads_;
    return make_parquet_scan(std::move(options), cancel_);
  }

  // The rows of an input that go on living.
  Status open(std::uint32_t index) {
    const PulledPart& part = work_.table.parts[index];
    const DataFile& file = work_.files.files[index];
    CANVASBACK_ASSIGN(UniqueFd given, input(kNeedInputPart, part));
    CANVASBACK_TRY(check_file(given.get(), file, cancel_));
    given_files::give(file.path, std::make_shared<const UniqueFd>(std::move(given)));
    CANVASBACK_ASSIGN(const UniqueFd keys, input(kNeedInputKeyMap, part));
    CANVASBACK_ASSIGN(inputs_[index].map, KeyMap::open(keys.get()));
    CANVASBACK_ASSIGN(inputs_[index].places, inputs_[index].map->places_by_row());
    if (work_.table.partition_by.empty()) {
      for (std::int64_t row = 0; row < part.rows; ++row) CANVASBACK_TRY(add(index, row, kNoTime));
      return {};
    }
    CANVASBACK_ASSIGN(const auto stream, scan(index, {work_.table.partition_by}, 0, part.rows));
    std::int64_t row = 0;
    while (true) {
      CANVASBACK_ASSIGN(const BatchPtr batch, stream->next());
      if (!batch) break;
      for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
        CANVASBACK_TRY(add(index, row++, time_at(*batch->column(0), i)));
      }
    }
    if (row == part.rows) return {};
    return fail(ErrorCode::InvalidData, fmt::format("{} has other rows than it was written with.", part.path()));
  }

  Status add(std::uint32_t index, std::int64_t row, std::int64_t time) {
    const PulledPart& part = work_.table.parts[index];
    if (part.dead.contains(row) || !is_wanted(time)) return {};
    CANVASBACK_ASSIGN(const std::string key, key_of(index, row));
    rows_.push_back({time, prefix_of(key), index, static_cast<std::uint32_t>(row)});
    taken_[part.number].push_back(row);
    return {};
  }

  Result<std::string> key_of(std::uint32_t index, std::int64_t row) {
    Input& input = inputs_[index];
    return input.map->key_at(input.places[static_cast<std::size_t>(row)]);
  }

  Status sort_rows() {
    Status status;
    std::ranges::sort(rows_, [&](const Row& a, const Row& b) {
      if (a.time != b.time) return a.time < b.time;
      if (a.prefix != b.prefix) return a.prefix < b.prefix;
      // Long keys with one beginning. A map that turned out to be damaged fails the merge.
      const auto first = key_of(a.input, a.row);
      const auto second = key_of(b.input, b.row);
      if (!first || !second) status = std::unexpected(first ? second.error() : first.error());
      return status && *first < *second;
    });
    return status;
  }

  bool is_wanted(std::int64_t time) const {
    if (period_) return time != kNoTime && period_->contains(time);
    return work_.period != kNoPeriod || time == kNoTime;
  }

  // The number of a period among all of the merge.
  std::uint32_t add_period(const std::string& name) {
    const auto [known, is_new] = period_numbers_.try_emplace(name, static_cast<std::uint32_t>(periods_.size()));
    if (is_new) periods_.push_back(name);
    return known->second;
  }

  std::string period_name(std::int64_t time) const {
    if (work_.table.partition_by.empty()) return std::string(kWholeTable);
    if (time == kNoTime) return std::string(kNoPeriod);
    return period_ ? period_->name : period_of(time, work_.table.partition_every).name;
  }

  // How many rows are held at once, by what some of them need.
  Result<std::size_t> slice_rows() const {
    if (rows_.empty()) return std::size_t{1};
    const auto longest =
        std::ranges::max_element(work_.table.parts, {}, [](const PulledPart& part) { return part.rows; });
    const auto index = static_cast<std::uint32_t>(longest - work_.table.parts.begin());
    CANVASBACK_ASSIGN(const auto stream, scan(index, {}, 0, kSampleRows));
    CANVASBACK_ASSIGN(const BatchPtr batch, stream->next());
    if (!batch || batch->num_rows() == 0) return kSliceRowsMin;
    const auto bytes = static_cast<std::size_t>(batch_bytes(*batch));
    const std::size_t row_bytes = std::max<std::size_t>(1, bytes / static_cast<std::size_t>(batch->num_rows()));
    return std::clamp(kSliceBytes / row_bytes, kSliceRowsMin, kSliceRowsMax);
  }

  Result<std::vector<PulledPart>> write() {
    std::vector<PulledPart> parts;
    std::unique_ptr<PulledPartWriter> writer;
    std::uint64_t number = work_.table.next_number;
    CANVASBACK_ASSIGN(const std::size_t slice, slice_rows());
    for (std::size_t begin = 0; begin < rows_.size(); begin += slice) {
      CANVASBACK_TRY(cancel_.check());
      const std::size_t end = std::min(rows_.size(), begin + slice);
      CANVASBACK_ASSIGN(const PulledRows rows, gather(std::span(rows_).subspan(begin, end - begin)));
      if (!writer) {
        CANVASBACK_ASSIGN(
            writer, PulledPartWriter::open(number++, work_.period, rows.values->schema(), threads_, feed_, cancel_));
      }
      CANVASBACK_TRY(writer->add(rows));
      if (end < rows_.size() && writer->rows() < kMergedPartRows) continue;
      CANVASBACK_ASSIGN(PulledPart part, writer->finish());
      if (writer->repeated() > 0) return fail(ErrorCode::DataProcessing, "A key is twice in a pulled table.");
      parts.push_back(std::move(part));
      writer.reset();
    }
    return parts;
  }

  // The rows of a slice in its order.
  Result<PulledRows> gather(std::span<const Row> slice) {
    std::vector<std::vector<std::int64_t>> wanted(inputs_.size());
    for (const Row& row : slice) wanted[row.input].push_back(row.row);
    std::vector<BatchPtr> found;
    std::vector<std::int64_t> begins(inputs_.size());  // in all that was found
    std::int64_t count = 0;
    for (std::uint32_t i = 0; i < inputs_.size(); ++i) {
      std::ranges::sort(wanted[i]);
      begins[i] = count;
      count += static_cast<std::int64_t>(wanted[i].size());
      CANVASBACK_TRY(read(i, wanted[i], found));
    }
    auto joined = arrow::ConcatenateRecordBatches(found);
    if (!joined.ok()) return fail(ErrorCode::MemoryLimit, "A merge failed.", joined.status().ToString());
    found.clear();
    PulledRows out;
    std::vector<std::int64_t> numbers;
    for (const Row& row : slice) {
      const auto place = std::ranges::lower_bound(wanted[row.input], std::int64_t{row.row});
      numbers.push_back(begins[row.input] + (place - wanted[row.input].begin()));
      Input& input = inputs_[row.input];
      CANVASBACK_ASSIGN(const KeyMapEntry entry, input.map->at(input.places[row.row]));
      CANVASBACK_ASSIGN(const std::string key, key_of(row.input, row.row));
      out.keys.push(key);
      out.changed_us.push_back(entry.changed_us);
      out.hashes.push_back(entry.hash);
      out.period_of.push_back(add_period(period_name(row.time)));
    }
    out.periods = periods_;
    CANVASBACK_ASSIGN(out.values, take_rows(**joined, numbers));
    return out;
  }

  // Rows of these numbers, which are in order.
  Status read(std::uint32_t index, std::span<const std::int64_t> wanted, std::vector<BatchPtr>& found) const {
    if (wanted.empty()) return {};
    std::int64_t begin = wanted.front();
    CANVASBACK_ASSIGN(const auto stream, scan(index, {}, begin, wanted.back() - begin + 1));
    while (!wanted.empty()) {
      CANVASBACK_ASSIGN(const BatchPtr batch, stream->next());
      if (!batch) return fail(ErrorCode::InvalidData, work_.table.parts[index].path() + " has too few rows.");
      const std::int64_t end = begin + batch->num_rows();
      const auto here = static_cast<std::size_t>(std::ranges::lower_bound(wanted, end) - wanted.begin());
      std::vector<std::int64_t> numbers(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(here));
      for (std::int64_t& number : numbers) number -= begin;
      if (!numbers.empty()) {
        CANVASBACK_ASSIGN(BatchPtr some, take_rows(*batch, numbers));
        found.push_back(std::move(some));
      }
      wanted = wanted.subspan(here);
      begin = end;
    }
    return {};
  }

  static constexpr std::size_t kSliceBytes = 16 * limits::kMiB;
  static constexpr std::size_t kSliceRowsMin = 1'024;
  static constexpr std::size_t kSliceRowsMax = 262'144;
  static constexpr std::int64_t kSampleRows = 2'048;
  static constexpr std::int64_t kMergedPartRows = PulledMergeRules().part_rows_max;

  const PulledMergeWork& work_;
  WorkFeed& feed_;
  const int threads_;
  const CancelToken& cancel_;
  std::optional<Period> period_;
  std::vector<std::string> periods_;
  std::map<std::string, std::uint32_t> period_numbers_;
  std::vector<Input> inputs_;
  std::vector<Row> rows_;
  std::map<std::uint64_t, std::vector<std::int64_t>> taken_;  // rows, by part
};

}  // namespace

Result<PullOutcome> run_pulled_merge(const PulledMergeWork& work, WorkFeed& feed, int threads,
                                     const CancelToken& cancel) {
  return PartsMerge(work, feed, threads, cancel).run();
}

}  // namespace canvasback
