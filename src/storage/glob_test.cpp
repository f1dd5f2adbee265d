#include "storage/glob.hpp"

#include <gtest/gtest.h>

#include <string>

namespace canvasback {
namespace {

TEST(Glob, StarAndQuestionMarkStayWithinOneFolder) {
  EXPECT_TRUE(glob_matches("/d/*.parquet", "/d/a.parquet"));
  EXPECT_TRUE(glob_matches("/d/*.parquet", "/d/.parquet"));
  EXPECT_FALSE(glob_matches("/d/*.parquet", "/d/e/a.parquet"));
  EXPECT_TRUE(glob_matches("/d/a?c", "/d/abc"));
  EXPECT_FALSE(glob_matches("/d/a?c", "/d/a/c"));
  EXPECT_FALSE(glob_matches("/d/a?c", "/d/ac"));
  EXPECT_TRUE(glob_matches("/*/b/*", "/a/b/c"));
}

TEST(Glob, TwoStarsCrossFolders) {
  EXPECT_TRUE(glob_matches("/d/**/*.parquet", "/d/a.parquet"));
  EXPECT_TRUE(glob_matches("/d/**/*.parquet", "/d/e/f/a.parquet"));
  EXPECT_FALSE(glob_matches("/d/**/*.parquet", "/other/a.parquet"));
  EXPECT_TRUE(glob_matches("/d/**", "/d/e/f"));
  EXPECT_TRUE(glob_matches("**/b", "b"));
  EXPECT_FALSE(glob_matches("**/b", "ab"));
  EXPECT_FALSE(glob_matches("/d/**/b", "/d/ab"));
  EXPECT_TRUE(glob_matches("/d/**/x/**/*.pq", "/d/x/a.pq"));
}

TEST(Glob, SetsMatchOneByte) {
  EXPECT_TRUE(glob_matches("part-[0-9].pq", "part-7.pq"));
  EXPECT_FALSE(glob_matches("part-[0-9].pq", "part-x.pq"));
  EXPECT_TRUE(glob_matches("[!a-c]", "d"));
  EXPECT_FALSE(glob_matches("[^a-c]", "b"));
  EXPECT_FALSE(glob_matches("a[!b]c", "a/c"));
  EXPECT_TRUE(glob_matches("[]]", "]"));
  EXPECT_TRUE(glob_matches("[a-]", "-"));
  EXPECT_TRUE(glob_matches("a[b", "a[b"));
}

TEST(Glob, TheWholePathMustMatch) {
  EXPECT_FALSE(glob_matches("/d/a", "/d/ab"));
  EXPECT_FALSE(glob_matches("/d/ab", "/d/a"));
  EXPECT_TRUE(glob_matches("", ""));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_TRUE(glob_matches("***", "a/b"));
}

// With a matcher that goes back, this takes longer than anyone lives.
TEST(Glob, ManyStarsTakeNoLongerThanOne) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a**/";
  EXPECT_FALSE(glob_matches(pattern + "b", std::string(2000, 'a')));
  std::string stars;
  for (int i = 0; i < 30; ++i) stars += "a*";
  EXPECT_FALSE(glob_matches(stars + "b", std::string(2000, 'a')));
  EXPECT_TRUE(glob_matches(stars, std::string(2000, 'a')));
}

}  // namespace
}  // namespace canvasback
