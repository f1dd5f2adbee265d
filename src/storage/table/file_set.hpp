// Which files of a collection's folder count: decided from their names and footers alone, so that it is the same after
// every restart. Pure; the rules are in part_info.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/dataset.hpp"
#include "storage/table/part_info.hpp"

namespace canvasback {

struct CollectionFile {
  DataFile file;
  PartName name;
  PartInfo info;
  std::string signature = {};  // signature_of(info.kinds), where somebody has asked for it
};

struct FileSet {
  std::vector<CollectionFile> live;        // parts by week, then commits by number
  std::vector<CollectionFile> superseded;  // go once no task lists them
  std::vector<CollectionFile> unfinished;  // of a merge or commit that never ended: go at once
  Kinds declared = {};                     // columns that are there whether or not a record has them
  std::uint64_t last_commit = 0;           // the highest number ever given out, as far as files tell
};

// here: the folder's files; archived: those of the archive, which still say what they cover and replace.
FileSet select_files(std::vector<CollectionFile> here, const std::vector<CollectionFile>& archived);

// Superseded files in the order in which they go, by generation. What a file replaces or covers must be gone for good
// before the file itself goes: nobody else says that it does not count.
std::vector<std::vector<std::string>> removal_order(const std::vector<CollectionFile>& superseded);

// Everything seen in the live files' records.
Kinds kinds_of(const FileSet& files);

// The live files as a dataset: its columns are those of kinds_of(); where files have others, it says what was seen in
// them (Dataset::file_kinds).
Dataset dataset_of(const std::string& name, const FileSet& files, const std::string& version);

}  // namespace canvasback
