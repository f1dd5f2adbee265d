#include "service/collection/commit_numbers.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(CommitNumbers, AreReservedBeforeTheFirstIsUsed) {
  CommitNumbers numbers(true);
  const std::uint64_t first = numbers.take();
  EXPECT_EQ(first, 1U);
  const auto note = numbers.note_for(first);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->used_up_to, 1 + CommitNumbers::kReserved);
  EXPECT_FALSE(note->synced_up_to);
  numbers.noted(*note);
  for (std::uint64_t i = 0; i < CommitNumbers::kReserved; ++i) EXPECT_FALSE(numbers.note_for(numbers.take()));
  EXPECT_TRUE(numbers.note_for(numbers.take()));
}

TEST(CommitNumbers, AFailedNoteIsTriedAgain) {
  CommitNumbers numbers(true);
  numbers.noted(*numbers.note_for(numbers.take()));
  numbers.not_noted();
  EXPECT_TRUE(numbers.note_for(numbers.take()));
}

TEST(CommitNumbers, GoOnBehindWhatTheFolderKnows) {
  CommitNumbers numbers(true);
  numbers.learn({7, NumberNote{1007, {}}, false});
  EXPECT_EQ(numbers.take(), 1008U);
  numbers.learn({2000, {}, false});
  EXPECT_EQ(numbers.take(), 2001U);
  // Once the note is ours, what is found in its place says nothing.
  numbers.learn({7, NumberNote{9000, {}}, true});
  EXPECT_EQ(numbers.take(), 2002U);
}

TEST(CommitNumbers, SkipWhatMayBeHidden) {
  CommitNumbers numbers(true);
  numbers.learn({7, {}, true});
  EXPECT_EQ(numbers.take(), 8 + CommitNumbers::kSkipped);
}

TEST(CommitNumbers, NotesSayUpToWhereAllIsOnTheDisk) {
  CommitNumbers numbers(false);
  numbers.learn({7, NumberNote{1007, 5}, false});
  EXPECT_EQ(numbers.synced(), 5U);
  numbers.synced_up_to(7);
  numbers.synced_up_to(6);
  EXPECT_EQ(numbers.current_note().synced_up_to, 7U);
  EXPECT_EQ(numbers.current_note().used_up_to, 1007U);
  numbers.take();
  EXPECT_FALSE(numbers.has_unused());
  EXPECT_EQ(numbers.last_note().used_up_to, 1008U);
}

}  // namespace
}  // namespace canvasback
