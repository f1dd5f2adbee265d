#include "server/terminal.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

using Rows = std::vector<std::vector<std::string>>;

TEST(Terminal, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_EQ(render_table({{"id", "", true}, {"name", "", false}}, {{"1", "a"}, {"100", "long"}}, 80),
            " id  name\n"
            "───  ────\n"
            "  1  a\n"
            "100  long\n");
}

TEST(Terminal, TypesStandBelowTheNames) {
  EXPECT_EQ(render_table({{"a", "BIGINT", true}}, {}, 80),
            "     a\n"
            "BIGINT\n"
            "──────\n");
}

TEST(Terminal, ProgressTellsWhatIsKnown) {
  Json known;
  known.set("rows", 250'000);
  known.set("rows_expected", 1'000'000);
  known.set("share", 0.25);
  EXPECT_EQ(progress_text(known, 10'000'000, 2),
            "[██████··················]  25 %, 250,000 of 1,000,000 rows (125,000/s), 10.0 MB, 5.0 MB/s, 6 s left");
  Json unknown;
  unknown.set("rows", 5);
  unknown.set("rows_expected", Json());
  unknown.set("share", -1.0);
  EXPECT_EQ(progress_text(unknown, 10, 1), "5 rows (5/s), 10 B, 10 B/s");
}

TEST(Terminal, ColumnsThatDoNotFitAreNamedBelow) {
  const std::string table =
      render_table({{"aaaa", "", false}, {"bbbb", "", false}, {"cccc", "", false}}, {{"1", "2", "3"}}, 12);
  EXPECT_NE(table.find("aaaa  bbbb\n"), std::string::npos) << table;
  EXPECT_TRUE(table.ends_with("Not shown: cccc\n"));
  EXPECT_NE(render_table({{"aaaa", "", false}}, {}, 1).find("aaaa"), std::string::npos) << "one column is always shown";
}

TEST(Terminal, LongCellsAreCutBetweenCharacters) {
  const std::string table =
      render_table({{"c", "", false}}, {{std::string(100, 'x')}, {"é" + std::string(50, 'y')}}, 80);
  EXPECT_NE(table.find(std::string(39, 'x') + "…\n"), std::string::npos) << table;
  EXPECT_NE(table.find("é" + std::string(38, 'y') + "…\n"), std::string::npos) << table;
}

TEST(Terminal, ControlCharactersDoNotReachTheTerminal) {
  const std::string table = render_table({{"c", "", false}},
                                         {{"a\x1b[31mb\nc\rd\te\x7f"
                                           "f\xc2\x9b\x9b"}},
                                         80);
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
  EXPECT_EQ(table.find('\r'), std::string::npos);
  EXPECT_EQ(table.find('\t'), std::string::npos);
  EXPECT_EQ(table.find('\x7f'), std::string::npos);
  EXPECT_EQ(table.find('\x9b'), std::string::npos);
}

TEST(Terminal, TextsCountAsCharactersNotBytes) {
  EXPECT_EQ(render_table({{"c", "", true}}, {{"äöü"}, {"x"}}, 80),
            "  c\n"
            "───\n"
            "äöü\n"
            "  x\n");
}

}  // namespace
}  // namespace canvasback
