#include "service/dashboard/rollup_sections.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace canvasback {
namespace {

using Taken = std::vector<std::pair<std::string, std::string>>;

Status feed_all(std::string_view answer, std::size_t piece, Taken& out) {
  RollupSections sections([&](Json line, std::string bytes) {
    out.emplace_back(line.dump(), std::move(bytes));
    return Status();
  });
  for (std::size_t at = 0; at < answer.size(); at += piece) {
    CANVASBACK_TRY(sections.feed(answer.substr(at, piece)));
  }
  return sections.finish();
}

TEST(RollupSections, ComeWholeWhateverThePieces) {
  const std::string answer = "{\"a\":1}\n{\"bytes\":5}\nx\n\"{y{\"b\":2}\n{\"bytes\":0}\n{\"c\":3}\n";
  const Taken wanted{
      {"{\"a\":1}", ""}, {"{\"bytes\":5}", "x\n\"{y"}, {"{\"b\":2}", ""}, {"{\"bytes\":0}", ""}, {"{\"c\":3}", ""}};
  for (std::size_t piece = 1; piece <= answer.size(); ++piece) {
    Taken taken;
    ASSERT_TRUE(feed_all(answer, piece, taken)) << piece;
    EXPECT_EQ(taken, wanted) << piece;
  }
}

TEST(RollupSections, WhatIsCutOrNoSectionIsAnError) {
  for (const char* answer : {"{\"a\":1}", "{\"bytes\":5}\nabcd", "[1]\n", "nothing\n", "{\"bytes\":-1}\n",
                             "{\"bytes\":999999999999}\n", "{\"bytes\":3}\n"}) {
    Taken taken;
    EXPECT_FALSE(feed_all(answer, 3, taken)) << answer;
  }
}

}  // namespace
}  // namespace canvasback
