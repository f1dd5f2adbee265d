#include "storage/parquet/steady_pool.hpp"

#include <arrow/buffer.h>
#include <arrow/status.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace canvasback {
namespace {

TEST(SteadyPool, ShorterMemoryStaysWhereItIs) {
  SteadyPool pool;
  std::uint8_t* memory = nullptr;
  ASSERT_TRUE(pool.Allocate(1000, &memory).ok());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % arrow::kDefaultBufferAlignment, 0U);
  std::memset(memory, 7, 1000);
  std::uint8_t* shorter = memory;
  ASSERT_TRUE(pool.Reallocate(1000, 10, &shorter).ok());
  EXPECT_EQ(shorter, memory);
  EXPECT_EQ(pool.bytes_allocated(), 10);
  std::uint8_t* longer = shorter;
  ASSERT_TRUE(pool.Reallocate(10, 100'000, &longer).ok());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(longer) % arrow::kDefaultBufferAlignment, 0U);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(longer[i], 7);
  EXPECT_EQ(pool.bytes_allocated(), 100'000);
  pool.Free(longer, 100'000);
  EXPECT_EQ(pool.bytes_allocated(), 0);
}

TEST(SteadyPool, RefusesWhatThereIsNoMemoryFor) {
  SteadyPool pool;
  std::uint8_t* memory = nullptr;
  EXPECT_TRUE(pool.Allocate(std::int64_t{1} << 60, &memory).IsOutOfMemory());
  EXPECT_TRUE(pool.Allocate(-1, &memory).IsInvalid());
  ASSERT_TRUE(pool.Allocate(0, &memory).ok());
  EXPECT_NE(memory, nullptr);
  std::uint8_t* same = memory;
  EXPECT_TRUE(pool.Reallocate(0, std::int64_t{1} << 60, &same).IsOutOfMemory());
  EXPECT_EQ(same, memory);
  pool.Free(memory, 0);
}

}  // namespace
}  // namespace canvasback
