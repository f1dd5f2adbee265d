#include "storage/table/pulled/row_set.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace canvasback {
namespace {

TEST(RowSetTest, HoldsWhatWasAdded) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    RowSet set;
    std::set<std::int64_t> model;
    for (int step = 0; step < 5; ++step) {
      std::vector<std::int64_t> rows(random() % 30);
      for (std::int64_t& row : rows) row = static_cast<std::int64_t>(random() % 60);
      model.insert(rows.begin(), rows.end());
      set.add(rows);
    }
    ASSERT_EQ(set.count(), static_cast<std::int64_t>(model.size()));
    for (std::int64_t row = -1; row < 62; ++row) ASSERT_EQ(set.contains(row), model.contains(row)) << row;
    for (std::size_t i = 1; i < set.ranges().size(); ++i) {
      ASSERT_GT(set.ranges()[i].first, set.ranges()[i - 1].second + 1);
    }
    const auto again = row_set_from_json(to_json(set));
    ASSERT_TRUE(again);
    ASSERT_EQ(*again, set);
  }
}

TEST(RowSetTest, RefusesWhatItDidNotWrite) {
  for (const char* text : {"[1]", "[-1,2]", "[0,0]", "[0,1,0,1]", "[0,1,2]", "[\"a\",1]"}) {
    EXPECT_FALSE(row_set_from_json(*Json::parse(text))) << text;
  }
  EXPECT_TRUE(row_set_from_json(*Json::parse("[]"))->empty());
}

}  // namespace
}  // namespace canvasback
