#include "server/usage.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(UsageTest, TheClosestWordIsTheOneThatWasMeant) {
  const std::vector<std::string> commands{"serve", "query", "export", "info", "profile"};
  EXPECT_EQ(closest_word("querry", commands), "query");
  EXPECT_EQ(closest_word("qurey", commands), "query");
  EXPECT_EQ(closest_word("exprot", commands), "export");
  EXPECT_EQ(closest_word("inf", commands), "info");
  EXPECT_EQ(closest_word("query", commands), "query");
}

TEST(UsageTest, NothingNearIsNothing) {
  EXPECT_EQ(closest_word("dashboard", {"serve", "query"}), "");
  EXPECT_EQ(closest_word("ab", {"xy"}), "");
  EXPECT_EQ(closest_word("", {"query"}), "");
  EXPECT_EQ(closest_word("query", {}), "");
}

TEST(UsageTest, AnExcerptCountsLinesAndCharacters) {
  EXPECT_EQ(statement_excerpt("SELECT nosuch", 7), "line 1, column 8:\n  SELECT nosuch\n         ^");
  EXPECT_EQ(statement_excerpt("SELECT 1\nFROM t\nWHERE", 14), "line 2, column 6:\n  FROM t\n       ^");
  EXPECT_EQ(statement_excerpt("SELECT 'ä', x", 13), "line 1, column 13:\n  SELECT 'ä', x\n              ^");
  EXPECT_EQ(statement_excerpt("\tSELECT", 1), "line 1, column 2:\n   SELECT\n   ^");
}

TEST(UsageTest, TheEndAndWhatIsPastItHaveAPlace) {
  EXPECT_EQ(statement_excerpt("SELECT", 6), "line 1, column 7:\n  SELECT\n        ^");
  EXPECT_EQ(statement_excerpt("SELECT", 60), "line 1, column 7:\n  SELECT\n        ^");
  EXPECT_EQ(statement_excerpt("", 0), "line 1, column 1:\n  \n  ^");
  EXPECT_EQ(statement_excerpt("a\nb", 1), "line 1, column 2:\n  a\n   ^");
}

TEST(UsageTest, LongLinesAreCutBetweenCharacters) {
  std::string statement;
  for (int i = 0; i < 200; ++i) statement += "ä";
  const std::string shown = statement_excerpt(statement, 200);
  EXPECT_TRUE(shown.starts_with("line 1, column 101:\n  ä")) << shown;
  EXPECT_LT(shown.size(), 200U);
  EXPECT_TRUE(shown.ends_with(" ^"));
}

}  // namespace
}  // namespace canvasback
