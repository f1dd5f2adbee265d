// Catalog: what a path given by the user means, found by listing and stat alone (no data byte is read here).
// A path is a file, a folder (every data file below it), or a glob (storage/glob.hpp); `name=path` names it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/text_reading.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

// One registered path, as the user wrote it and as it is watched.
struct DatasetSource {
  std::string name;
  std::string pattern;              // absolute; a file or a folder, or else a glob: what exists is no pattern
  std::optional<DatasetKind> kind;  // where the config says it
  TextSettings text = {};           // how its files are read, where they are CSV or JSON
};

// What a dataset of files may be called: UTF-8 without control characters and without a slash. (What is made here has
// names by is_dataset_name().)
inline constexpr std::size_t kServedNameBytesMax = 255;
bool is_served_name(std::string_view name);

// A path under a name; made from the path where it is empty. Errors: InvalidData for an unusable name.
Result<DatasetSource> dataset_source(std::string_view name, std::string_view path);

// `path` or `name=path`, as one argument, with settings behind it where they are told (`?header=false`, see
// text_settings_from_query in record/text_reading.hpp). What exists as it is written is a path, whatever characters it
// holds.
Result<DatasetSource> dataset_source_from(std::string_view argument);

// The files a source means now, sorted by path: name, kind, files and version are set, the rest is for `inspect`.
// Errors: DatasetNotFound when nothing matches, InvalidData for mixed kinds or too many files
// (limits::kDatasetFilesMax).
Result<Dataset> list_files(const DatasetSource& source);

// What a worker must be able to read for these files: the folders of globs and folders, the files otherwise.
std::vector<std::string> readable_paths(const DatasetSource& source, const Dataset& dataset);

}  // namespace canvasback
