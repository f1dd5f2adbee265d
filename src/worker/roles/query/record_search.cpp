#include "worker/roles/query/record_search.hpp"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "base/clock.hpp"
#include "base/unicode.hpp"
#include "base/work_pieces.hpp"
#include "storage/parquet/row_group_reader.hpp"
#include "storage/table/part_name.hpp"

namespace canvasback {
namespace {

std::string name_of_file(const DataFile& file) { return file.path.substr(file.path.rfind('/') + 1); }

// The later in this order, the newer.
auto age_of(const std::string& file_name) {
  const PartName name = parse_part_name(file_name).value_or(PartName());
  return std::tuple(name.is_commit, name.commit, name.index, name.week, name.serial);
}

struct Group {
  std::size_t file;
  int row_group;
  std::int64_t first_row;  // of the file
  std::int64_t rows;
};

// Newest first, from the cursor on.
std::vector<Group> groups_from(const Dataset& dataset, const SearchCursor& cursor) {
  std::vector<std::size_t> order;
  for (std::size_t file = 0; file < dataset.files.size(); ++file) order.push_back(file);
  std::ranges::sort(order, [&](std::size_t left, std::size_t right) {
    return age_of(name_of_file(dataset.files[left])) > age_of(name_of_file(dataset.files[right]));
  });
  std::vector<Group> out;
  for (std::size_t file : order) {
    const DataFile& data = dataset.files[file];
    const std::string name = name_of_file(data);
    if (!cursor.file.empty() && age_of(name) > age_of(cursor.file)) continue;
    std::int64_t end = data.rows;
    for (int group = static_cast<int>(data.row_group_rows.size()) - 1; group >= 0; --group) {
      const std::int64_t rows = data.row_group_rows[static_cast<std::size_t>(group)];
      end -= rows;
      if (name == cursor.file && group > cursor.row_group) continue;
      out.push_back({file, group, end, rows});
    }
  }
  return out;
}

std::vector<std::string> text_columns(const arrow::Schema& schema) {
  std::vector<std::string> out;
  for (const auto& field : schema.fields()) {
    if (field->type()->id() == arrow::Type::STRING) out.push_back(field->name());
  }
  return out;
}

bool is_better(const SearchHit& left, const SearchHit& right) {
  return left.score != right.score ? left.score > right.score : left.order < right.order;
}

// One thread's work.
class Searcher {
 public:
  Searcher(const Search& search, std::vector<SearchHit>& hits) : search_(search), hits_(hits) {
    all_ = static_cast<std::uint32_t>((std::uint64_t{1} << search.words.size()) - 1);
  }

  // `file` is that of the group.
  void add(const arrow::RecordBatch& batch, const Group& group, const DataFile& file, std::int64_t first_row,
           std::int64_t order) {
    const auto rows = static_cast<std::size_t>(batch.num_rows());
    found_.assign(rows, 0);
    columns_.clear();
    for (int i = 0; i < batch.num_columns(); ++i) {
      const auto& texts = static_cast<const arrow::StringArray&>(*batch.column(i));
      Column& column = columns_.emplace_back();
      column.offsets = texts.raw_value_offsets();
      column.base = column.offsets[0];
      const auto bytes = static_cast<std::size_t>(column.offsets[rows] - column.base);
      const auto* data = reinterpret_cast<const char*>(texts.raw_data()) + column.base;
      column.text.assign(data, bytes);
      if (may_compose(column.text)) compose_values(column, rows);
      fold_case(column.text.data(), column.text.size());
      mark(column, rows);
    }
    std::vector<std::string_view> values(columns_.size());
    for (std::size_t row = 0; row < rows; ++row) {
      const auto at = static_cast<std::int64_t>(row);
      if (found_[row] != all_ || file.is_dead(first_row + at)) continue;
      for (std::size_t i = 0; i < columns_.size(); ++i) values[i] = columns_[i].value(row);
      const int score = search_score(search_, values);
      if (score > 0) keep({score, order - at, group.file, first_row + at});
    }
  }

 private:
  struct Column {
    std::string text;
    const std::int32_t* offsets = nullptr;
    std::int32_t base = 0;
    std::vector<std::int32_t> own_offsets = {};  // of texts that were composed

    std::string_view value(std::size_t row) const {
      return std::string_view(text).substr(static_cast<std::size_t>(offsets[row] - base),
                                           static_cast<std::size_t>(offsets[row + 1] - offsets[row]));
    }
  };

  // Each value as the words are written, which may make it shorter.
  static void compose_values(Column& column, std::size_t rows) {
    std::string text;
    std::vector<std::int32_t> offsets(1, 0);
    for (std::size_t row = 0; row < rows; ++row) {
      text += compose(column.value(row));
      offsets.push_back(static_cast<std::int32_t>(text.size()));
    }
    column.text = std::move(text);
    column.own_offsets = std::move(offsets);
    column.offsets = column.own_offsets.data();
    column.base = 0;
  }

  // Notes for each row which words the column has.
  void mark(const Column& column, std::size_t rows) {
    for (std::size_t word = 0; word < search_.words.size(); ++word) {
      const std::string& wanted = search_.words[word];
      for (std::size_t at = 0; at + wanted.size() <= column.text.size();) {
        const void* found = ::memmem(column.text.data() + at, column.text.size() - at, wanted.data(), wanted.size());
        if (found == nullptr) break;
        const auto begin = static_cast<std::size_t>(static_cast<const char*>(found) - column.text.data());
        const auto offset = static_cast<std::int32_t>(begin) + column.base;
        const std::int32_t* above = std::upper_bound(column.offsets, column.offsets + rows + 1, offset);
        const auto row = static_cast<std::size_t>(above - column.offsets) - 1;
        const auto row_end = static_cast<std::size_t>(column.offsets[row + 1] - column.base);
        if (begin + wanted.size() <= row_end) {
          found_[row] |= 1U << word;
          at = row_end;
        } else {
          at = begin + 1;  // over the edge of two rows
        }
      }
    }
  }

  void keep(SearchHit hit) {
    const auto limit = static_cast<std::size_t>(search_.limit);
    if (hits_.size() < limit) {
      hits_.push_back(hit);
      std::ranges::push_heap(hits_, is_better);
    } else if (limit > 0 && is_better(hit, hits_.front())) {
      std::ranges::pop_heap(hits_, is_better);
      hits_.back() = hit;
      std::ranges::push_heap(hits_, is_better);
    }
  }

  const Search& search_;
  std::vector<SearchHit>& hits_;
  std::uint32_t all_;
  std::vector<std::uint32_t> found_;
  std::vector<Column> columns_;
};

class RecordSearch {
 public:
  RecordSearch(const Dataset& dataset, const Search& search, const CancelToken& cancel)
      : dataset_(dataset), search_(search), cancel_(cancel), groups_(groups_from(dataset, search.cursor)) {}

  Result<SearchOutcome> run(int threads) {
    std::vector<std::vector<SearchHit>> found(static_cast<std::size_t>(std::max(1, threads)));
    in_threads(found.size(), [&](std::size_t thread) { work(found[thread]); });
    CANVASBACK_TRY(status_);
    CANVASBACK_TRY(cancel_.check());
    SearchOutcome out;
    for (const auto& hits : found) out.hits.insert(out.hits.end(), hits.begin(), hits.end());
    std::ranges::sort(out.hits, is_better);
    if (out.hits.size() > static_cast<std::size_t>(search_.limit)) {
      out.hits.resize(static_cast<std::size_t>(search_.limit));
    }
    for (std::size_t i = 0; i < next_; ++i) out.rows_searched += groups_[i].rows;
    out.complete = next_ == groups_.size();
    if (!out.complete) {
      out.next = {name_of_file(dataset_.files[groups_[next_].file]), groups_[next_].row_group};
    }
    return out;
  }

 private:
  void work(std::vector<SearchHit>& hits) {
    try {
      Searcher searcher(search_, hits);
      while (true) {
        std::size_t index = 0;
        {
          // What was taken is done to its end, so everything before next_ was searched.
          std::scoped_lock lock(mutex_);
          const bool late = watch_.elapsed_ms() >= static_cast<double>(search_.budget_ms);
          if (!status_ || next_ == groups_.size() || (late && next_ > 0)) return;
          index = next_++;
        }
        note(search(groups_[index], index, searcher));
      }
    } catch (const std::bad_alloc&) {
      note(fail(ErrorCode::MemoryLimit, "The search needs more memory than a worker has."));
    }
  }

  void note(Status status) {
    if (status) return;
    std::scoped_lock lock(mutex_);
    if (status_) status_ = std::move(status);
  }

  Status search(const Group& group, std::size_t index, Searcher& searcher) {
    const DataFile& file = dataset_.files[group.file];
    CANVASBACK_ASSIGN(SchemaPtr schema, read_plain_schema(file, {}));
    const auto columns = text_columns(*schema);
    if (columns.empty()) return {};
    CANVASBACK_ASSIGN(auto reader, open_row_group(file, columns, {group.row_group, 0, group.rows}));
    std::int64_t row = 0;
    while (true) {
      CANVASBACK_TRY(cancel_.check());
      CANVASBACK_ASSIGN(BatchPtr batch, reader->next());
      if (!batch) return {};
      // Newer rows, which have the lower order, are those of earlier groups, and behind in theirs.
      const std::int64_t order = (static_cast<std::int64_t>(index) + 1) * INT32_MAX - row;
      searcher.add(*batch, group, file, group.first_row + row, order);
      row += batch->num_rows();
    }
  }

  const Dataset& dataset_;
  const Search& search_;
  const CancelToken& cancel_;
  std::vector<Group> groups_;
  Stopwatch watch_;
  std::mutex mutex_;
  std::size_t next_ = 0;
  Status status_;
};

}  // namespace

Result<SearchOutcome> search_records(const Dataset& dataset, const Search& search, int threads,
                                     const CancelToken& cancel) {
  return RecordSearch(dataset, search, cancel).run(threads);
}

}  // namespace canvasback
