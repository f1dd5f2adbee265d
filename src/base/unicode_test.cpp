#include "base/unicode.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(Unicode, LettersAndTheirMarksBecomeOneCharacter) {
  EXPECT_EQ(compose("Cafe\u0301 et e\u0301tude"), "Caf\u00e9 et \u00e9tude");
  EXPECT_EQ(compose("a\u0323\u0302"), "\u1ead");
  EXPECT_EQ(compose("a\u0302\u0323"), "\u1ead") << "marks in another order";
  EXPECT_EQ(compose("\u00e2\u0323"), "\u1ead");
  EXPECT_EQ(compose("\u1ea1\u0302"), "\u1ead");
  EXPECT_EQ(compose("a\u0327\u0301b"), "\u00e1\u0327b");
  EXPECT_EQ(compose("\u00e1\u0327b"), "\u00e1\u0327b");
  EXPECT_EQ(compose("o\u031b\u0301 u\u0301\u031b"), "\u1edb \u1ee9");
  EXPECT_EQ(compose("\u0301x"), "\u0301x");
  EXPECT_EQ(compose("\u0438\u0306"), "\u0439");
  EXPECT_EQ(compose("\u03b1\u0301"), "\u03ac");
  EXPECT_EQ(compose("\u1112\u1161\u11ab\u1100\u1173\u11af"), "\ud55c\uae00");
  EXPECT_EQ(compose("\u304b\u3099"), "\u304c");
}

TEST(Unicode, EverythingElseStays) {
  for (const char* text :
       {"", "cafe", "caf\u00e9", "x\u0301x", "\u0301", "\xff\xfe", "\xf0\x9f\xa6\x86\u0301", "e\xff\u0301"}) {
    EXPECT_EQ(compose(text), text);
  }
}

TEST(Unicode, MostTextsHaveNothingToCompose) {
  EXPECT_FALSE(may_compose("plain, \u00e9t\u00e9, \u0416"));
  EXPECT_TRUE(may_compose("e\u0301"));
  EXPECT_TRUE(may_compose("\u304b\u3099"));
}

}  // namespace
}  // namespace canvasback
