// FileInspection: what the files of a dataset of Parquet or Arrow are together: who reads each of them, which columns
// they give, and how these become the dataset's (Dataset::forms, where it takes any). One use; for Executor.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "engine/engine.hpp"
#include "sql/join_columns.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

class FileInspection {
 public:
  // dataset: name, kind, version and files are set.
  FileInspection(Dataset& dataset, Engine& engine, CancelToken cancel)
      : dataset_(dataset), engine_(engine), cancel_(std::move(cancel)) {}

  // Sets what the dataset has beside its files, and their rows. Errors: InvalidData that names a file.
  Status run();

 private:
  // Files that are read alike.
  struct Sort {
    std::size_t file = 0;               // one of them
    FileForm form;
    std::vector<std::string> nulls;     // Readability::nulls
    std::string other_way;              // why it cannot be read in the other way than form.streamed says
    std::vector<SourceColumn> columns;  // as the engine finds them
    bool renamed = false;               // some have other names than the engine finds
  };

  Status look_at_parquet();
  Status look_at_arrow();
  int sort_of(const std::string& key, Sort sort);
  Status describe(Sort& sort);
  Result<std::vector<DatasetColumn>> describe_relation(const std::string& relation);
  Result<std::vector<DatasetColumn>> describe_sort(Sort& sort);
  void take_columns(Sort& sort, std::vector<DatasetColumn> found);
  bool is_plain(const JoinedColumns& joined) const;
  void set_forms(const JoinedColumns& joined);

  Dataset& dataset_;
  Engine& engine_;
  const CancelToken cancel_;
  std::vector<Sort> sorts_;
  std::map<std::string, int> keys_;  // of sorts_
};

}  // namespace canvasback
