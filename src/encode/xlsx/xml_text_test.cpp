#include "encode/xlsx/xml_text.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace canvasback::xlsx {
namespace {

std::string written(std::string_view text, TextOutcome* outcome = nullptr) {
  std::string out;
  TextWriter writer(out);
  const TextOutcome what = write_text(writer, text);
  if (outcome != nullptr) *outcome = what;
  return std::string(writer.data_at(0), writer.size());
}

TEST(XmlText, MarkupBecomesEntitiesAndIsNoEscape) {
  TextOutcome outcome;
  EXPECT_EQ(written("a < b && c > \"d\" 'e'", &outcome), "a &lt; b &amp;&amp; c &gt; \"d\" 'e'");
  EXPECT_FALSE(outcome.escaped || outcome.replaced || outcome.truncated);
}

TEST(XmlText, WhatXmlCannotHoldIsEscaped) {
  TextOutcome outcome;
  EXPECT_EQ(written(std::string_view("\0a\x1f\r\n\t", 6), &outcome), "_x0000_a_x001F__x000D_\n\t");
  EXPECT_TRUE(outcome.escaped);
  EXPECT_EQ(written("\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xBF\xBD"), "_xFFFE__xFFFF_\xEF\xBF\xBD");
  EXPECT_EQ(written("\xEF\xBC\x8C"), "\xEF\xBC\x8C");  // a full-width comma
  EXPECT_EQ(written("\xED\xA0\xBD\xED\xB8\x80"), "_xD83D__xDE00_");
}

TEST(XmlText, WhatLooksLikeAnEscapeIsEscaped) {
  EXPECT_EQ(written("_x0041_"), "_x005F_x0041_");
  EXPECT_EQ(written("_x0041_x0042_"), "_x005F_x0041_x005F_x0042_");
  EXPECT_EQ(written("_x00zz_ _x41_ _X0041_ a_x"), "_x00zz_ _x41_ _X0041_ a_x");
  // The escape of the next character would complete it.
  EXPECT_EQ(written("_x0041\x01"), "_x005F_x0041_x0001_");
  EXPECT_EQ(written("_x0041"), "_x0041");
}

TEST(XmlText, InvalidBytesAreReplacedOneByOne) {
  TextOutcome outcome;
  EXPECT_EQ(written("a\xff\xc3(\xe2\x82", &outcome), "a\xEF\xBF\xBD\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_TRUE(outcome.replaced);
  EXPECT_FALSE(outcome.escaped);
}

TEST(XmlText, TheLimitCountsUtf16UnitsAndCutsNoPair) {
  TextOutcome outcome;
  EXPECT_EQ(written(std::string(32'767, 'x'), &outcome).size(), 32'767u);
  EXPECT_FALSE(outcome.truncated);
  EXPECT_EQ(written(std::string(32'768, 'x'), &outcome).size(), 32'767u);
  EXPECT_TRUE(outcome.truncated);
  std::string accents;
  for (int i = 0; i < 32'767; ++i) accents += "é";
  EXPECT_EQ(written(accents, &outcome), accents);
  EXPECT_FALSE(outcome.truncated);
  std::string faces;
  for (int i = 0; i < 16'384; ++i) faces += "😀";
  EXPECT_EQ(written(faces, &outcome).size(), 16'383u * 4);
  EXPECT_TRUE(outcome.truncated);
}

// The scan over vectors says what a look at each byte says, wherever the byte lies.
TEST(XmlText, TheScanFindsEverySpecialByteAtEveryPlace) {
  for (std::size_t size : {1, 2, 15, 16, 17, 18, 31, 32, 33, 34, 50, 63, 64, 65, 66, 67, 128, 130}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, 'm');
        text[at] = static_cast<char>(byte);
        const bool special = (byte < 0x20 && byte != '\t' && byte != '\n') || byte == '&' || byte == '<' || byte == '>';
        EXPECT_EQ(scan_text(text).special, special) << size << " " << at << " " << byte;
        EXPECT_EQ(scan_text(text).high, byte >= 0x80);
      }
      if (at + 1 == size) continue;
      std::string text(size, 'm');
      text[at] = '_';
      text[at + 1] = 'x';
      EXPECT_TRUE(scan_text(text).special) << size << " " << at;
      text[at] = '\xEF';
      text[at + 1] = '\xBF';
      EXPECT_TRUE(scan_text(text).special) << size << " " << at;
    }
  }
}

TEST(XmlText, CleanTextIsWrittenAsItIs) {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 40, '\0');
    for (char& c : text) c = static_cast<char>(random() % 4 == 0 ? random() : 'a' + random() % 26);
    const bool unchanged = written(text) == text;
    const bool rare = text.find("_x") != std::string::npos || text.find("\xEF\xBF") != std::string::npos;
    // Rare beginnings are looked at closely, and may turn out to be nothing.
    EXPECT_TRUE(is_clean(text) == unchanged || (rare && unchanged)) << text;
  }
}

TEST(XmlText, WhiteSpaceAtTheEndsIsSeen) {
  for (const char* text : {" a", "a ", "\ta", "a\n", " "}) EXPECT_TRUE(needs_preserve(text)) << text;
  for (const char* text : {"", "a", "a b", "\xC2\xA0"}) EXPECT_FALSE(needs_preserve(text)) << text;
}

}  // namespace
}  // namespace canvasback::xlsx
