// Carries out steps of plans on the disk (storage/table/commit_plan.hpp), one after the other, each by storage/file.
// Blocking. Errors: of the first step that failed; those behind it are not done.
#pragma once

#include <vector>

#include "base/error.hpp"
#include "storage/table/commit_plan.hpp"

namespace canvasback {

// note: of the step NoteNumbers.
Status carry_out(const std::vector<FileStep>& steps, const std::optional<NumberNote>& note);

// Whether anything has one of these names.
bool any_is_there(const std::vector<std::string>& paths);

// Removes files, one generation after the other, each for good before the next. A folder that somebody put in a file's
// place is not ours to remove: it goes out of the way (aside_path()).
Status remove_in_turn(const std::vector<std::vector<std::string>>& generations, const std::string& folder);

}  // namespace canvasback
