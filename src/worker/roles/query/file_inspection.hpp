// FileInspection: what the files of a dataset of Parquet or Arrow are together: who reads each of them, which columns
// they give, and how these become the dataset's (Dataset::forms, where it takes any). One use; for inspect_task.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "engine/engine.hpp"
#include "sql/join_columns.hpp"
#include "storage/dataset.hpp"
#include "storage/parquet/readability.hpp"

namespace canvasback {

// The columns of a table expression as the engine has them, by their names and types.
Result<std::vector<DatasetColumn>> describe_relation(Engine& engine, const std::string& relation,
                                                     const CancelToken& cancel);

class FileInspection {
 public:
  // dataset: name, kind, version and files are set.
  FileInspection(Dataset& dataset, Engine& engine, CancelToken cancel)
      : dataset_(dataset), engine_(engine), cancel_(std::move(cancel)) {}

  // Sets what the dataset has beside its files, and their rows. Files that cannot be read are left_out, with the
  // reason, and none of its files any more. Errors: InvalidData that names a file, where there is nothing left.
  Status run();

 private:
  // Files that are read alike.
  struct Sort {
    std::size_t file = 0;  // one of them
    FileForm form;
    std::vector<std::string> names;     // of its columns, as the file has them
    std::vector<std::string> nulls;     // Readability::nulls,
    std::vector<std::string> enums;     // its enums,
    std::vector<std::string> zoned;     // and its zoned
    std::string stream_lacks;           // Readability::stream_lacks
    std::vector<SourceColumn> columns;  // as the engine finds them
    bool renamed = false;               // some have other names than the engine finds,
    bool converted = false;             // or other types,
    bool retyped = false;               // or types that our own scan finds as well
  };

  Status leave_out(const DataFile& file, const Error& error);
  Status keep(std::vector<DataFile> files);
  Status look_at_files();
  Result<Readability> look_at_parquet(const DataFile& file) const;
  Result<Readability> look_at_arrow(DataFile& file) const;
  Status describe_sorts();
  int sort_of(const std::string& key, Sort sort);
  Status describe(Sort& sort);
  Result<std::vector<DatasetColumn>> describe_sort(Sort& sort);
  static void retype(Sort& sort, const std::string& name, SourceColumn& column);
  void take_columns(Sort& sort, std::vector<DatasetColumn> found);
  bool is_plain(const JoinedColumns& joined) const;
  void set_forms(const JoinedColumns& joined);

  Dataset& dataset_;
  Engine& engine_;
  const CancelToken cancel_;
  std::set<std::string> fine_;        // columns with values finer than the engine's, of any file
  std::optional<Error> first_error_;  // of those that files were left out for
  std::vector<Sort> sorts_;
  std::map<std::string, int> keys_;  // of sorts_
};

}  // namespace canvasback
