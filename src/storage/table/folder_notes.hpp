// What a collection's folder says beside its files of records: two kinds of small files whose names begin with a dot.
//
//   .commit-numbers    commit numbers up to this one may have been used. A part that is moved away by hand takes with
//                      it what says which commits it covers; when it comes back they must not be others' numbers.
//   .merge-ID.json     what the parts of a merge are and what they were made of. Written before the parts have their
//                      names, and removed with what they were made of: it tells of a part that cannot be read whether
//                      all that it was made of is still there.
//
// Neither is needed to read a collection: a folder without them is read as its files say (docs/decisions/0014). Each
// has a checksum, and one that is damaged counts as missing. Blocking.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "storage/table/part_info.hpp"

namespace canvasback {

struct NumberNote {
  std::uint64_t used_up_to = 0;
  // Only with durability = interval: commits up to this one are on the disk, later ones may be torn by a power cut.
  std::optional<std::uint64_t> synced_up_to = {};
};

struct MergeNote {
  std::string id;                                             // of the merge
  std::vector<std::pair<std::string, PartInfo>> parts;        // file name; id, covers, together, replaces
  std::vector<std::pair<std::string, std::string>> replaced;  // file name and id of each part it was made of
};

std::string number_note_path(const std::string& folder);
std::string merge_note_path(const std::string& folder, const std::string& id);
bool is_merge_note_name(std::string_view file_name);

std::string text_of(const NumberNote& note);
std::optional<NumberNote> number_note_from(std::string_view text);
std::string text_of(const MergeNote& note);
std::optional<MergeNote> merge_note_from(std::string_view text);

// nullopt: there is none. Errors: Unavailable for one that is there and is damaged or cannot be read.
Result<std::optional<NumberNote>> read_number_note(const std::string& folder);
Status write_number_note(const std::string& folder, const NumberNote& note);
// On the disk, though its name only once the folder is synced.
Status write_merge_note(const std::string& folder, const MergeNote& note);
// Those that are whole.
std::vector<MergeNote> read_merge_notes(const std::vector<std::string>& paths);

}  // namespace canvasback
