#include "worker/roles/query/profile_scan.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>

#include "base/work_pieces.hpp"
#include "record/type_name.hpp"
#include "storage/parquet/column_scan.hpp"
#include "storage/parquet/row_group_reader.hpp"

namespace canvasback {
namespace {

using analyse::Accumulator;
using analyse::ColumnInfo;
using analyse::ColumnProfile;
using analyse::Depth;

// Parts that a thread finishes on average: more even the load, fewer spare merging.
constexpr std::uint64_t kPartsPerThread = 6;

struct RowGroup {
  const DataFile* file;
  int number;
};

ColumnInfo info_of(const Dataset& dataset, const std::string& name) {
  ColumnInfo info;
  info.name = name;
  const DatasetColumn* column = dataset.find_column(name);
  if (column == nullptr) return info;
  info.type = column->type;
  if (dataset.rows >= 0 && column->null_count) info.expected_values = dataset.rows - *column->null_count;
  return info;
}

// The work on one dataset's files: parts of columns, taken by threads one after the other.
class FilesProfile {
 public:
  FilesProfile(const Dataset& dataset, const ProfileScanOptions& options, const CancelToken& cancel)
      : dataset_(dataset), options_(options), cancel_(cancel), columns_(options.columns.size()) {
    for (const DataFile& file : dataset.files) {
      for (std::size_t group = 0; group < file.row_group_rows.size(); ++group) {
        groups_.push_back({&file, static_cast<int>(group)});
      }
    }
  }

  Result<std::vector<ColumnProfile>> run() {
    CANVASBACK_TRY(plan());
    CANVASBACK_TRY(work_pieces(options_.threads, parts_.size(), [this](std::size_t i, std::size_t) -> Status {
      CANVASBACK_TRY(do_part(parts_[i]));
      const auto done = static_cast<double>(++parts_done_);
      if (options_.progress) options_.progress(done / static_cast<double>(parts_.size()));
      return {};
    }));
    std::vector<ColumnProfile> out;
    for (Column& column : columns_) out.push_back(std::move(*column.profile));
    return out;
  }

 private:
  struct Column {
    std::mutex mutex;
    std::unique_ptr<Accumulator> sum;
    int parts_left = 0;
    std::optional<ColumnProfile> profile;
  };
  struct Part {
    std::size_t column;
    std::size_t first;  // of groups_
    std::size_t end;
  };

  // A summary needs no more than the footer of a column without sums, where the footer is exact.
  Result<bool> from_footers(std::size_t index) {
    if (options_.depth != Depth::Summary || dataset_.rows == 0) return false;
    const std::string& name = options_.columns[index];
    CANVASBACK_ASSIGN(auto facts, footer_facts(dataset_, name));
    if (!facts) return false;
    auto accumulator = analyse::make_accumulator(*facts->bounds->type(), info_of(dataset_, name), Depth::Summary);
    accumulator->add(0, *facts->bounds);
    ColumnProfile profile = accumulator->finish();
    if (profile.kind == analyse::ColumnKind::Number) return false;
    profile.rows = dataset_.rows;
    profile.nulls = facts->nulls;
    profile.from_footer = true;
    columns_[index].profile = std::move(profile);
    return true;
  }

  Status plan() {
    std::vector<std::uint64_t> bytes(columns_.size());
    std::vector<std::size_t> order;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      CANVASBACK_ASSIGN(bool done, from_footers(i));
      if (done) continue;
      CANVASBACK_ASSIGN(bytes[i], column_bytes(dataset_, options_.columns[i]));
      total += bytes[i];
      order.push_back(i);
    }
    std::ranges::stable_sort(order, [&](std::size_t left, std::size_t right) { return bytes[left] > bytes[right]; });
    const std::uint64_t wanted = total / (static_cast<std::uint64_t>(options_.threads) * kPartsPerThread) + 1;
    for (std::size_t i : order) {
      std::size_t count = options_.threads > 1 ? static_cast<std::size_t>(bytes[i] / wanted + 1) : 1;
      count = std::max<std::size_t>(1, std::min(count, groups_.size()));
      columns_[i].parts_left = static_cast<int>(count);
      for (std::size_t part = 0; part < count; ++part) {
        parts_.push_back({i, groups_.size() * part / count, groups_.size() * (part + 1) / count});
      }
    }
    return {};
  }

  Status do_part(const Part& part) {
    const std::string& name = options_.columns[part.column];
    std::unique_ptr<Accumulator> accumulator;
    std::unique_ptr<ColumnReader> reader;
    const DataFile* open = nullptr;
    for (std::size_t i = part.first; i < part.end; ++i) {
      CANVASBACK_TRY(cancel_.check());
      if (groups_[i].file != open) {
        open = groups_[i].file;
        CANVASBACK_ASSIGN(reader, ColumnReader::open(*open, name));
      }
      if (!accumulator) accumulator = make(reader->type().get(), name);
      CANVASBACK_TRY(reader->read(groups_[i].number, [&](const arrow::Array& array) -> Status {
        accumulator->add(static_cast<std::uint32_t>(i), array);
        return {};
      }));
    }
    if (!accumulator) {
      // Files without a row.
      CANVASBACK_ASSIGN(reader, ColumnReader::open(dataset_.files[0], name));
      accumulator = make(reader->type().get(), name);
    }
    return add_part(part.column, std::move(accumulator));
  }

  std::unique_ptr<Accumulator> make(const arrow::DataType* type, const std::string& name) const {
    return analyse::make_accumulator(*type, info_of(dataset_, name), options_.depth);
  }

  Status add_part(std::size_t index, std::unique_ptr<Accumulator> part) {
    Column& column = columns_[index];
    std::scoped_lock lock(column.mutex);
    if (column.sum) {
      column.sum->merge(*part);
    } else {
      column.sum = std::move(part);
    }
    if (--column.parts_left == 0) {
      column.profile = column.sum->finish();
      column.sum.reset();
    }
    return {};
  }

  const Dataset& dataset_;
  const ProfileScanOptions& options_;
  const CancelToken& cancel_;
  std::vector<RowGroup> groups_;
  std::vector<Column> columns_;
  std::vector<Part> parts_;
  std::atomic<std::size_t> parts_done_ = 0;
};

}  // namespace

Result<std::vector<ColumnProfile>> profile_files(const Dataset& dataset, const ProfileScanOptions& options,
                                                 const CancelToken& cancel) {
  return FilesProfile(dataset, options, cancel).run();
}

Result<std::vector<ColumnProfile>> profile_stream(const Dataset& dataset, BatchStream& stream,
                                                  const ProfileScanOptions& options, const CancelToken& cancel) {
  std::vector<std::unique_ptr<Accumulator>> accumulators;
  const SchemaPtr schema = stream.schema();
  for (int i = 0; i < schema->num_fields(); ++i) {
    ColumnInfo info = info_of(dataset, options.columns[static_cast<std::size_t>(i)]);
    info.expected_values = 0;  // a filter may leave few
    accumulators.push_back(analyse::make_accumulator(*schema->field(i)->type(), std::move(info), options.depth));
  }
  while (true) {
    CANVASBACK_TRY(cancel.check());
    CANVASBACK_ASSIGN(BatchPtr batch, stream.next());
    if (!batch) break;
    for (std::size_t i = 0; i < accumulators.size(); ++i) accumulators[i]->add(0, *batch->column(static_cast<int>(i)));
  }
  std::vector<ColumnProfile> out;
  for (auto& accumulator : accumulators) out.push_back(accumulator->finish());
  return out;
}

}  // namespace canvasback
