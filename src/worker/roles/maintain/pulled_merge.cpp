#include "worker/roles/maintain/pulled_merge.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "storage/parquet/file_check.hpp"
#include "storage/parquet/scan.hpp"
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

class PulledMerge {
 public:
  PulledMerge(const PulledMergeWork& work, WorkFeed& feed, int threads, const CancelToken& cancel)
      : work_(work), feed_(feed), threads_(threads), cancel_(cancel) {
    if (work.period != kNoPeriod && work.period != kWholeTable && work.period != kRecent) {
      period_ = parse_period(work.period, work.table.partition_every);
    }
  }

  Result<PullOutcome> run() {
    for (std::size_t i = 0; i < work_.table.parts.size(); ++i) CANVASBACK_TRY(read(i));
    std::vector<Place> order;
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      for (std::int64_t row = 0; row < blocks_[block].rows(); ++row) order.push_back({block, row});
    }
    std::ranges::sort(order, [this](const Place& a, const Place& b) { return is_before(a, b); });
    PullOutcome out;
    CANVASBACK_ASSIGN(out.parts, write(order));
    out.dead = std::move(taken_);
    return out;
  }

 private:
  struct Place {
    std::size_t block = 0;
    std::int64_t row = 0;
  };

  bool is_before(const Place& a, const Place& b) const {
    const auto time = [this](const Place& place) { return times_[place.block][static_cast<std::size_t>(place.row)]; };
    const auto key = [this](const Place& place) {
      return blocks_[place.block].keys[static_cast<std::size_t>(place.row)];
    };
    return time(a) != time(b) ? time(a) < time(b) : key(a) < key(b);
  }

  Result<UniqueFd> input(std::string_view name, const PulledPart& part) {
    Json request;
    request.set("name", name);
    request.set("number", part.number);
    return feed_.need_file(request, cancel_);
  }

  // The rows of an input that go on living.
  Status read(std::size_t index) {
    const PulledPart& part = work_.table.parts[index];
    const DataFile& file = work_.files.files[index];
    CANVASBACK_ASSIGN(UniqueFd given, input(kNeedInputPart, part));
    CANVASBACK_TRY(check_file(given.get(), file, cancel_));
    given_files::give(file.path, std::make_shared<const UniqueFd>(std::move(given)));
    CANVASBACK_ASSIGN(const UniqueFd keys, input(kNeedInputKeyMap, part));
    CANVASBACK_ASSIGN(const auto map, KeyMap::open(keys.get()));
    CANVASBACK_ASSIGN(const auto places, map->places_by_row());
    ScanOptions options;
    options.files.push_back(file);
    options.threads = threads_;
    CANVASBACK_ASSIGN(const auto stream, make_parquet_scan(std::move(options), cancel_));
    std::int64_t begin = 0;
    while (true) {
      CANVASBACK_ASSIGN(const BatchPtr batch, stream->next());
      if (!batch) break;
      CANVASBACK_TRY(add(part, *batch, begin, *map, places));
      begin += batch->num_rows();
    }
    given_files::give(file.path, nullptr);
    if (begin == part.rows) return {};
    return fail(ErrorCode::InvalidData, fmt::format("{} has other rows than it was written with.", part.path()));
  }

  Status add(const PulledPart& part, const arrow::RecordBatch& batch, std::int64_t begin, KeyMap& map,
             const std::vector<std::uint32_t>& places) {
    const int column = work_.table.partition_by.empty() ? -1 : batch.schema()->GetFieldIndex(work_.table.partition_by);
    PulledRows rows;
    std::vector<std::int64_t> numbers;
    std::vector<std::int64_t> times;
    for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
      const std::int64_t time = column < 0 ? kNoTime : time_at(*batch.column(column), row);
      if (part.dead.contains(begin + row) || !is_wanted(time)) continue;
      const std::int64_t place = places[static_cast<std::size_t>(begin + row)];
      CANVASBACK_ASSIGN(const KeyMapEntry entry, map.at(place));
      CANVASBACK_ASSIGN(const std::string key, map.key_at(place));
      taken_[part.number].push_back(begin + row);
      numbers.push_back(row);
      times.push_back(time);
      rows.keys.push(key);
      rows.changed_us.push_back(entry.changed_us);
      rows.hashes.push_back(entry.hash);
      rows.period_of.push_back(add_period(period_name(time)));
    }
    if (numbers.empty()) return {};
    CANVASBACK_ASSIGN(rows.values, take_rows(batch, numbers));
    blocks_.push_back(std::move(rows));
    times_.push_back(std::move(times));
    return {};
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

  // In pieces of a batch's size: the rows of one are taken out of the blocks that they are in.
  Result<std::vector<PulledPart>> write(const std::vector<Place>& order) {
    std::vector<PulledPart> parts;
    std::unique_ptr<PulledPartWriter> writer;
    std::uint64_t number = work_.table.next_number;
    for (std::size_t begin = 0; begin < order.size(); begin += kPieceRows) {
      CANVASBACK_TRY(cancel_.check());
      const std::size_t end = std::min(order.size(), begin + kPieceRows);
      CANVASBACK_ASSIGN(const PulledRows rows, gather({order.begin() + static_cast<std::ptrdiff_t>(begin),
                                                       order.begin() + static_cast<std::ptrdiff_t>(end)}));
      if (!writer) {
        CANVASBACK_ASSIGN(
            writer, PulledPartWriter::open(number++, work_.period, rows.values->schema(), threads_, feed_, cancel_));
      }
      CANVASBACK_TRY(writer->add(rows));
      if (end < order.size() && writer->rows() < kMergedPartRows) continue;
      CANVASBACK_ASSIGN(PulledPart part, writer->finish());
      if (writer->repeated() > 0) return fail(ErrorCode::DataProcessing, "A key is twice in a pulled table.");
      parts.push_back(std::move(part));
      writer.reset();
    }
    return parts;
  }

  Result<PulledRows> gather(const std::vector<Place>& places) const {
    // Blocks that the piece has rows of, one behind the other; then the rows in their order.
    std::vector<std::vector<std::int64_t>> wanted(blocks_.size());
    for (const Place& place : places) wanted[place.block].push_back(place.row);
    std::vector<std::int64_t> begins(blocks_.size());
    std::vector<BatchPtr> some;
    std::int64_t count = 0;
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      begins[block] = count;
      count += static_cast<std::int64_t>(wanted[block].size());
      if (wanted[block].empty()) continue;
      CANVASBACK_ASSIGN(BatchPtr taken, take_rows(*blocks_[block].values, wanted[block]));
      some.push_back(std::move(taken));
    }
    auto joined = arrow::ConcatenateRecordBatches(some);
    if (!joined.ok()) return fail(ErrorCode::MemoryLimit, "A merge failed.", joined.status().ToString());
    PulledRows out;
    std::vector<std::int64_t> numbers;
    for (const Place& place : places) {
      numbers.push_back(begins[place.block]++);
      const auto row = static_cast<std::size_t>(place.row);
      const PulledRows& block = blocks_[place.block];
      out.keys.push(block.keys[row]);
      out.changed_us.push_back(block.changed_us[row]);
      out.hashes.push_back(block.hashes[row]);
      out.period_of.push_back(block.period_of[row]);
    }
    out.periods = periods_;
    CANVASBACK_ASSIGN(out.values, take_rows(**joined, numbers));
    return out;
  }

  static constexpr std::size_t kPieceRows = 32'768;
  static constexpr std::int64_t kMergedPartRows = 1'048'576;

  const PulledMergeWork& work_;
  WorkFeed& feed_;
  const int threads_;
  const CancelToken& cancel_;
  std::optional<Period> period_;
  std::vector<std::string> periods_;
  std::map<std::string, std::uint32_t> period_numbers_;
  std::vector<PulledRows> blocks_;                            // whose periods are periods_
  std::map<std::uint64_t, std::vector<std::int64_t>> taken_;  // rows, by part
  std::vector<std::vector<std::int64_t>> times_;              // of the partition column, by block and row
};

}  // namespace

Result<PullOutcome> run_pulled_merge(const PulledMergeWork& work, WorkFeed& feed, int threads,
                                     const CancelToken& cancel) {
  return PulledMerge(work, feed, threads, cancel).run();
}

}  // namespace canvasback
