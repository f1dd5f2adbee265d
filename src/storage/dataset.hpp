// Dataset: files that exist, under one name. The front lists and stats the files (catalog), an inspect worker reads
// their footers, and query workers get the finished entry with their tasks. Plain values; the JSON form is what
// crosses the process boundary.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "record/kinds.hpp"

namespace canvasback {

struct TextReading;  // record/text_reading.hpp

enum class DatasetKind { Parquet, Csv, Json, Arrow };

std::string_view name_of(DatasetKind kind);
std::optional<DatasetKind> dataset_kind_from(std::string_view name);
// By extension, looking through .gz and .zst: .parquet .pq / .csv .tsv / .json .ndjson .jsonl / .arrow .arrows .ipc
// .feather.
std::optional<DatasetKind> dataset_kind_of_path(std::string_view path);

// A file and what identifies its content: a change of any of these makes it another file.
struct DataFile {
  std::string path;  // absolute, symbolic links resolved
  std::uint64_t bytes = 0;
  std::int64_t modified_ns = 0;  // since 1970
  std::uint64_t inode = 0;
  std::int64_t rows = -1;                    // -1: not known without reading the file
  std::vector<std::int64_t> row_group_rows;  // parquet
  std::int64_t changed_ns = 0;               // anything about it; nobody can set it (storage/file_identity.hpp)
  int shape = 0;                             // of Dataset::file_kinds or ::forms, where there are any
  // Rows that are none of the dataset's any more: first, last, in order. Only where there are file_kinds.
  std::vector<std::pair<std::int64_t, std::int64_t>> dead = {};
  // The values of the folders named key=value that the file is in (storage/partition.hpp), in their order.
  std::vector<std::pair<std::string, std::optional<std::string>>> partition = {};
  // Only of Parquet, and only inside a worker: all rows but these are left out.
  std::optional<std::vector<std::int64_t>> only = {};

  std::int64_t dead_rows() const {
    std::int64_t sum = 0;
    for (const auto& [first, last] : dead) sum += last - first + 1;
    return sum;
  }

  bool is_dead(std::int64_t row) const {
    const auto behind = std::ranges::upper_bound(dead, row, {}, &std::pair<std::int64_t, std::int64_t>::first);
    return behind != dead.begin() && row <= std::prev(behind)->second;
  }

  bool same_content(const DataFile& other) const {
    return path == other.path && bytes == other.bytes && modified_ns == other.modified_ns &&
           changed_ns == other.changed_ns && inode == other.inode;
  }
};

// A column as the engine sees it; min and max are texts of the footers' statistics where every row group has them.
struct DatasetColumn {
  std::string name;
  std::string type;  // SQL, e.g. DECIMAL(12,2)
  std::optional<std::string> min;
  std::optional<std::string> max;
  std::optional<std::int64_t> null_count;
};

// What was seen in the files of a collection that do not all have its columns.
struct FileKinds {
  Kinds all;                  // together: the dataset's columns are those of columns_of_members(all)
  std::vector<Kinds> shapes;  // of each sort of file, see DataFile::shape
};

// A file that the dataset is without, because it cannot be read.
struct LeftOutFile {
  std::string path;
  std::string reason;  // for the owner: what is wrong, and where

  bool operator==(const LeftOutFile&) const = default;
};

// How files of one sort become columns of their dataset, where they do not have them already (sql/file_forms.hpp).
struct FileForm {
  int columns = 0;        // that are read, those of the partition included: c0, c1, …
  std::string select;     // the dataset's columns, made of these
  bool streamed = false;  // read by us for the engine, which cannot, or not rightly
};

struct Dataset {
  std::string name;
  DatasetKind kind = DatasetKind::Parquet;
  std::vector<DataFile> files;
  std::vector<DatasetColumn> columns;
  std::int64_t rows = -1;          // exact, or -1 where only reading would tell
  std::string version;             // changes whenever any file does
  bool plain_scan = false;         // rows in file order may be read without the engine (one schema, plain types)
  bool union_by_name = false;      // the files' schemas differ
  bool hive_partitioning = false;  // folders are named key=value
  bool is_collection = false;      // its files never change, and were written by us
  // Of a collection whose files have different columns. The files of one shape stand together in `files`; the SQL that
  // gives `columns` is made of it where it runs (sql/shape_sql.hpp). Shared, because it may be large and a dataset is
  // copied for every statement that needs only some of its files. Null: all files have these columns.
  std::shared_ptr<const FileKinds> file_kinds;
  // What was found in files of CSV and JSON, one for each of `files`. Before they are inspected: what was told of them,
  // or null. Shared, because it has a place for every part of every file.
  std::shared_ptr<const TextReading> text;
  // Beside `files`, which has only those that can be read. An answer from a dataset with such files is not of all rows,
  // and says so; asked with on_unreadable=fail there is none.
  std::vector<LeftOutFile> left_out;
  // Of files that are not read as they are: their sorts. Shared like file_kinds. Null: all files have these columns.
  std::shared_ptr<const std::vector<FileForm>> forms;
  std::vector<std::string> fine_columns;  // of files: what portable_schema() (stream/portable_batches.hpp) must know
  std::vector<std::string> notes;         // what its owner should know of how the files are read, in sentences

  std::uint64_t bytes() const;
  const DatasetColumn* find_column(std::string_view column) const;
};

Json to_json(const Dataset& dataset);
Result<Dataset> dataset_from_json(const Json& json);

}  // namespace canvasback
