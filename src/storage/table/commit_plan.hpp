// Commit plan: what is done with the files of a commit, in which order, so that a crash at any moment leaves all of it
// or nothing. A list of steps as a value: made here without I/O, carried out by service/collection/commit_writer.
//
//   1. where commit numbers are running out, the note that reserves more (folder_notes.hpp): before one of them is used
//   2. refused records: synced, named, their folder synced; an acknowledgement stands for them, too
//   3. each file of records synced (durability = commit)
//   4. each file of records named
//   5. the folder synced (durability = commit): from here on the commit is there after any crash
//
// An error in steps 1 to 3 leaves the folder as it was and another commit may follow. From step 4 on (`naming`) nobody
// knows what is on the disk: nothing more may be acknowledged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/table/folder_notes.hpp"

namespace canvasback {

enum class StepKind { NoteNumbers, MakeFolder, Sync, Rename, SyncFolder };

struct FileStep {
  StepKind kind = StepKind::Sync;
  std::string path;
  std::string target = {};  // of Rename
  int fd = -1;              // of Sync
  bool operator==(const FileStep&) const = default;
};

// A file that is written under a name that says it is not finished.
struct WrittenFile {
  int fd = -1;
  std::string path;
};

struct CommitFiles {
  std::string folder;      // of the collection
  std::string quarantine;  // its folder of refused records
  std::vector<WrittenFile> parts;
  std::optional<WrittenFile> rejects = {};
};

struct CommitPlan {
  std::vector<std::string> paths = {};  // of the parts, once they are named
  std::optional<std::string> rejects_path = {};
  std::optional<NumberNote> numbers = {};  // of the step NoteNumbers
  std::vector<FileStep> before = {};       // steps 1 to 3
  std::vector<FileStep> naming = {};       // steps 4 and 5

  // Paths that somebody else's file must not have: then another number is taken.
  std::vector<std::string> names() const;
};

// numbers: where they must be reserved first. sync: durability = commit.
CommitPlan plan_commit(const CommitFiles& files, std::uint64_t commit, bool sync, std::optional<NumberNote> numbers);

}  // namespace canvasback
