#include "base/work_pieces.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <set>
#include <stdexcept>
#include <vector>

namespace canvasback {
namespace {

TEST(WorkPieces, EachPieceIsDoneOnce) {
  for (int threads : {-1, 0, 1, 2, 7}) {
    std::vector<std::atomic<int>> done(100);
    ASSERT_TRUE(work_pieces(threads, done.size(), [&](std::size_t piece, std::size_t thread) -> Status {
      EXPECT_LT(thread, static_cast<std::size_t>(std::max(threads, 1)));
      ++done[piece];
      return {};
    }));
    for (const auto& count : done) EXPECT_EQ(count, 1);
  }
}

TEST(WorkPieces, NothingToDo) {
  ASSERT_TRUE(work_pieces(4, 0, [](std::size_t, std::size_t) -> Status { throw std::logic_error("called"); }));
}

TEST(WorkPieces, TheFirstErrorStopsTheRest) {
  std::atomic<int> done = 0;
  const Status status = work_pieces(1, 1000, [&](std::size_t piece, std::size_t) -> Status {
    ++done;
    return piece == 10 ? Status(fail(ErrorCode::InvalidData, "the tenth")) : Status();
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "the tenth");
  EXPECT_EQ(done, 11);
}

TEST(WorkPieces, AnExceptionIsAnError) {
  const Status memory = work_pieces(2, 4, [](std::size_t, std::size_t) -> Status { throw std::bad_alloc(); });
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().code, ErrorCode::MemoryLimit);
  const Status other = work_pieces(2, 4, [](std::size_t, std::size_t) -> Status { throw std::runtime_error("x"); });
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::DataProcessing);
}

TEST(InThreads, EachHasItsNumber) {
  std::vector<std::atomic<int>> seen(5);
  in_threads(seen.size(), [&](std::size_t thread) { ++seen[thread]; });
  for (const auto& count : seen) EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace canvasback
