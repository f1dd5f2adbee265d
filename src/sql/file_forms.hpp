// File forms: the SQL of a dataset whose files are not read as they are (Dataset::forms): each run of files of one form
// through its own select list, from the engine's reader or from a stream of ours, which whoever executes the SQL must
// have defined (streamed_runs()).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "storage/dataset.hpp"

namespace canvasback {

// What a row's place is called beside a dataset's columns: names that none of these has.
struct PlaceNames {
  std::string file;  // index of the file, from 0
  std::string row;   // in the file, from 0
};
PlaceNames place_names(const Dataset& dataset);

// A condition that is always true and keeps the engine from answering max() of floating-point numbers from bounds of
// Parquet files, which say nothing of NaN: as " WHERE …". Empty where no column is of such numbers. Costs nothing.
std::string bounds_guard_sql(const Dataset& dataset);

// Files that stand together, of one form.
struct FileRun {
  std::size_t begin = 0;
  std::size_t end = 0;
  int form = 0;
};
std::vector<FileRun> file_runs(const Dataset& dataset);

// The name under which the engine finds the rows of a streamed run: its columns, then file index (from the run's begin,
// UBIGINT) and row (BIGINT).
std::string stream_name(const Dataset& dataset, const FileRun& run);

// A run's rows before any select list: FROM … AS f(c0, c1, …).
std::string run_source_sql(const Dataset& dataset, const FileRun& run);

// The dataset's rows; with_places: with place_names() behind its columns. Precondition: dataset.forms.
std::string formed_relation_sql(const Dataset& dataset, bool with_places);

}  // namespace canvasback
