#include "base/nearest_name.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

const std::vector<std::string> kNames{"amount", "country", "created_at", "id"};

TEST(NearestName, FindsWhatIsMisspelled) {
  EXPECT_EQ(nearest_name("amout", kNames), "amount");
  EXPECT_EQ(nearest_name("Amount", kNames), "amount");
  EXPECT_EQ(nearest_name("coutnry", kNames), "country");
  EXPECT_EQ(nearest_name("createdat", kNames), "created_at");
}

TEST(NearestName, HasNothingForWhatIsLikeNone) {
  EXPECT_EQ(nearest_name("revenue", kNames), "");
  EXPECT_EQ(nearest_name("xy", kNames), "");
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name("amount", {}), "");
}

TEST(NearestName, TakesTheNearestOfSeveral) {
  EXPECT_EQ(nearest_name("total1", {"total12", "total1x", "totals"}), "total12");
  EXPECT_EQ(nearest_name("ab", {"ba"}), "ba");  // one pair swapped
}

TEST(NearestName, TakesLittleTimeForLongNames) {
  EXPECT_EQ(nearest_name(std::string(100'000, 'a'), {std::string(100'000, 'a')}), "");
}

}  // namespace
}  // namespace canvasback
