#include "storage/table/part_name.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace canvasback {
namespace {

TEST(PartName, IsReadBack) {
  for (const std::string& name : {commit_file_name(12, 1, 1), commit_file_name(7, 2, 3), week_file_name({2025, 1}, 0),
                                  week_file_name({2025, 53}, 12)}) {
    const auto parsed = parse_part_name(name);
    ASSERT_TRUE(parsed) << name;
    EXPECT_EQ(parsed->is_commit ? commit_file_name(parsed->commit, parsed->index, parsed->count)
                                : week_file_name(parsed->week, parsed->serial),
              name);
  }
  for (const char* name : {"commit_.parquet", "commit_0.parquet", "commit_1_2of1.parquet", "commit_1.parquet.tmp",
                           "data_2025_w54.parquet", "data_2025_w00.parquet", "data_2025.parquet", "x.parquet",
                           "data_2025_w43_.parquet", "commit_-1.parquet", ".writing-1.tmp"}) {
    EXPECT_FALSE(parse_part_name(name)) << name;
  }
}

TEST(PartName, PartsStandByWeekThenCommitsByNumber) {
  const std::vector<std::string> wanted{"data_2024_w52.parquet",           "data_2025_w02.parquet",
                                        "data_2025_w02_0001.parquet",      "data_2025_w10.parquet",
                                        "commit_000000000009.parquet",     "commit_000000000010_1of2.parquet",
                                        "commit_000000000010_2of2.parquet"};
  std::vector<std::string> names(wanted.rbegin(), wanted.rend());
  std::ranges::sort(names, {}, [](const std::string& name) { return parse_part_name(name)->order(); });
  EXPECT_EQ(names, wanted);
}

TEST(PartName, AFreeNameIsNobodysAndTakenAfterwards) {
  std::set<std::string> taken{"data_2025_w43.parquet", "data_2025_w43_0002.parquet", "x"};
  EXPECT_EQ(free_week_name({2025, 43}, taken), "data_2025_w43_0001.parquet");
  EXPECT_EQ(free_week_name({2025, 43}, taken), "data_2025_w43_0003.parquet");
  EXPECT_EQ(free_week_name({2025, 44}, taken), "data_2025_w44.parquet");
  EXPECT_EQ(taken.size(), 6U);
}

}  // namespace
}  // namespace canvasback
