// CommitNumbers: which numbers of commits were given out, which are reserved on the disk, and (durability = interval)
// up to which all commits are there. A number is never given twice, whatever became of its commit: what covers commit
// 12 on a part that was moved away must not cover another commit 12 once it comes back. Pure; the notes are read and
// written by callers (storage/table/folder_notes.hpp). Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "storage/table/folder_notes.hpp"

namespace canvasback {

class CommitNumbers {
 public:
  // So many numbers are reserved at once: a note for each commit would be two more syncs.
  static constexpr std::uint64_t kReserved = 1000;
  // Where nothing tells which numbers were used, those that are given out begin so much later: more than any server can
  // have used.
  static constexpr std::uint64_t kSkipped = 100'000'000'000;

  explicit CommitNumbers(bool sync_each_commit) : sync_each_commit_(sync_each_commit) {}

  std::uint64_t last() const { return last_; }
  std::uint64_t synced() const { return synced_; }
  bool has_note() const { return noted_ > 0; }

  // The next commit's number, and the note that must be on the disk before it is used, where one must.
  std::uint64_t take() { return ++last_; }
  std::optional<NumberNote> note_for(std::uint64_t commit) const {
    if (commit <= noted_) return std::nullopt;
    return note(commit + kReserved);
  }
  NumberNote note(std::uint64_t used_up_to) const {
    NumberNote out;
    out.used_up_to = used_up_to;
    if (!sync_each_commit_) out.synced_up_to = synced_;
    return out;
  }
  // As it says now: what note_for() gave, or what is used where nothing more is to be reserved.
  NumberNote current_note() const { return note(noted_); }
  NumberNote last_note() const { return note(last_); }
  bool has_unused() const { return noted_ > last_; }

  void noted(const NumberNote& note) { noted_ = note.used_up_to; }
  // It could not be written: the next commit tries again, or fails.
  void not_noted() { noted_ = 0; }
  void synced_up_to(std::uint64_t commit) { synced_ = std::max(synced_, commit); }

  // What a folder says: the highest number that its files know, its note, and whether a number may be hidden (the note
  // is damaged, or there is none and a file cannot be read). A note counts only the first time: later it is ours.
  struct Found {
    std::uint64_t highest = 0;
    std::optional<NumberNote> note = {};
    bool may_be_hidden = false;
  };
  void learn(const Found& found) {
    last_ = std::max(last_, found.highest);
    if (noted_ > 0) return;
    if (found.may_be_hidden) last_ += kSkipped;
    if (!found.note) return;
    last_ = std::max(last_, found.note->used_up_to);
    noted_ = found.note->used_up_to;
    synced_ = found.note->synced_up_to.value_or(0);
  }

 private:
  bool sync_each_commit_;
  std::uint64_t last_ = 0;
  std::uint64_t noted_ = 0;
  std::uint64_t synced_ = 0;
};

}  // namespace canvasback
