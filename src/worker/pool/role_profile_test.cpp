// What the roles are, by the numbers that their pools go by.
#include "worker/pool/role_profile.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace canvasback {
namespace {

PoolOptions options(int workers, std::uint64_t memory_bytes) {
  PoolOptions out;
  out.workers = workers;
  out.memory_budget_bytes = memory_bytes;
  return out;
}

TEST(RoleProfileTest, HalfOfTheMemoryIsTheLargeTasks) {
  const RoleProfile profile = query_profile(options(3, 16 * limits::kGiB));
  EXPECT_EQ(profile.processes, 4) << "one is ready beside those at work";
  EXPECT_EQ(profile.memory_bytes, 2 * limits::kGiB);
  EXPECT_EQ(profile.large_memory_bytes, 8 * limits::kGiB);
  EXPECT_TRUE(profile.admission.keeps_bounded_place);
  EXPECT_FALSE(query_profile(options(1, 16 * limits::kGiB)).admission.keeps_bounded_place);
}

TEST(RoleProfileTest, EachWorkerHasTheLeastThatItNeeds) {
  const RoleProfile profile = query_profile(options(8, limits::kGiB));
  EXPECT_EQ(profile.memory_bytes, limits::kWorkerMemoryBytesMin);
  EXPECT_GE(profile.large_memory_bytes, profile.memory_bytes);
  EXPECT_GE(profile.admission.parked_max, 1U);
}

TEST(RoleProfileTest, LongBodiesLeaveAProcessToShortOnes) {
  const RoleProfile profile = ingest_profile(options(3, 16 * limits::kGiB), 2, {});
  EXPECT_LT(static_cast<int>(profile.admission.streams_max), profile.processes);
  EXPECT_EQ(profile.admission.places, profile.processes);
  EXPECT_FALSE(profile.has_spill_folder) << "it can write nowhere";
  EXPECT_EQ(ingest_profile(options(3, 0), 2, 123).memory_bytes, 123U);
}

TEST(RoleProfileTest, TheFoldersOfAllRolesAreKnown) {
  const PoolOptions all = options(3, 16 * limits::kGiB);
  for (const RoleProfile& profile :
       {query_profile(all), ingest_profile(all, 1, {}), large_merge_profile(all), small_merge_profile(all)}) {
    EXPECT_TRUE(is_spill_folder(profile.name + "-1"));
    EXPECT_TRUE(is_spill_folder(profile.name + "-120"));
  }
  for (const char* name : {"worker", "worker-", "worker-1a", "other-1", "my-worker-1", ""}) {
    EXPECT_FALSE(is_spill_folder(name)) << name;
  }
}

}  // namespace
}  // namespace canvasback
