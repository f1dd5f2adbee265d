// Which files of a collection's folder count: decided from their names and footers alone, so that it is the same after
// every restart. Pure; the rules are in part_info.hpp.
//
// A file that cannot be read (CollectionFile::trouble) is never taken for one that is not there. It does not count only
// where the others prove that it would not:
//
//   a commit       that a valid part covers (superseded), or of whose files some are missing (it never ended);
//   a part         that a valid part replaces; or one of a merge that never ended. Its id and what it was made of are
//                  in its footer, so only the merge's note (folder_notes.hpp) can tell;
//   either         that is not needed: a copy of a file that can be read; a part all of whose sources are still there
//                  and can be read; with durability = interval, a commit that was not yet synced.
//
// Any other would count, and is *blocking*: without it records are missing, keys unknown, and of the files beside it
// nobody knows which ones it covers. So nothing is removed, merged or written while there is one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/dataset.hpp"
#include "storage/table/folder_notes.hpp"
#include "storage/table/part_info.hpp"
#include "storage/table/part_name.hpp"

namespace canvasback {

struct CollectionFile {
  DataFile file;
  PartName name;
  PartInfo info;
  std::string signature = {};  // signature_of(info.kinds), where somebody has asked for it
  std::string trouble = {};    // why it cannot be read; of info there is then only what a merge's note says, if any
};

struct FileSet {
  std::vector<CollectionFile> live;        // parts by week, then commits by number
  std::vector<CollectionFile> superseded;  // go once no task lists them
  std::vector<CollectionFile> unfinished;  // of a merge or commit that never ended: go at once
  std::vector<CollectionFile> blocking;    // cannot be read and would count; also of the archive
  std::vector<CollectionFile> spare;       // cannot be read and are not needed: go out of the way
  Kinds declared = {};                     // columns that are there whether or not a record has them
  std::uint64_t last_commit = 0;           // the highest number ever given out, as far as files tell
};

// What the notes of the folder say: merges, and up to which commit all is on the disk (nullopt: every one is).
struct FolderNotes {
  std::vector<MergeNote> merges;
  std::optional<std::uint64_t> synced_up_to = {};
};

// here: the folder's files; archived: those of the archive, which still say what they cover and replace.
FileSet select_files(std::vector<CollectionFile> here, std::vector<CollectionFile> archived,
                     const FolderNotes& notes = {});

// Superseded files in the order in which they go, by generation. What a file replaces or covers must be gone for good
// before the file itself goes: nobody else says that it does not count.
std::vector<std::vector<std::string>> removal_order(const std::vector<CollectionFile>& superseded);

// Everything seen in the live files' records.
Kinds kinds_of(const FileSet& files);

// The live files as a dataset: its columns are those of kinds_of(); where files have others, it says what was seen in
// them (Dataset::file_kinds).
Dataset dataset_of(const std::string& name, const FileSet& files, const std::string& version);

}  // namespace canvasback
