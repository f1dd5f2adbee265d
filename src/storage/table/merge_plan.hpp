// Merge plan: what a merge of given files says of itself, and how its parts take their place. Pure: the rows are merged
// by a worker (worker/roles/maintain), names are changed by service/collection/merge_service; what both go by is here.
//
// The rules that keep records over a crash: a part names the commits it covers and the parts it replaces; a note of the
// merge (storage/table/folder_notes.hpp) is on the disk before its parts have their names, and goes with what they were
// made of; no name that is taken anywhere is given again.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/table/file_set.hpp"

namespace canvasback {

// A part that was written, in the order in which its file was asked for.
struct MergedPart {
  int year = 0;
  int week = 0;
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;
  std::vector<std::int64_t> row_group_rows;
  PartInfo info;
};

// What the parts of a merge say of themselves, in common: kinds, commits covered, parts replaced, conflicts, and those
// requests whose repetition is still `remembered`. Deletions are not among it (deletes_of).
PartInfo merged_info(const FileSet& inputs, const std::function<bool(std::string_view key)>& remembered,
                     std::int64_t now_us);

// A deletion is carried on as long as an older version of its record can be anywhere: in another live file, in one that
// was taken away, or in a body that is still on its way.
bool must_keep_deletes(const std::vector<CollectionFile>& live, const std::vector<CollectionFile>& inputs,
                       bool any_archived, bool any_on_its_way);
std::vector<KeptDelete> deletes_of(const std::vector<CollectionFile>& inputs);

// A part as the worker tells of it, under a name of its week that is not in `taken`. Its times are not known yet.
CollectionFile part_of(MergedPart told, const std::string& folder, std::set<std::string>& taken);
MergeNote note_of(const std::string& merge_id, const std::vector<CollectionFile>& inputs,
                  const std::vector<CollectionFile>& parts);

// The live files once `added` have taken the place of `inputs`, in order, and those of the inputs that were still live:
// some may have been moved away by hand meanwhile, and what was committed meanwhile stays.
struct Replaced {
  std::vector<CollectionFile> live;
  std::vector<CollectionFile> gone;
};
Replaced replace_files(std::vector<CollectionFile> live, const std::vector<CollectionFile>& inputs,
                       std::vector<CollectionFile> added);

}  // namespace canvasback
