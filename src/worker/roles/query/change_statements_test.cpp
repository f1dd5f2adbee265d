#include "worker/roles/query/change_statements.hpp"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

namespace canvasback {
namespace {

std::string all_statements(std::uint64_t seed, std::int64_t changes) {
  const marketplace::Marketplace marketplace(seed, 20'000);
  ChangeStatements statements(marketplace, changes);
  std::string out;
  for (auto piece = statements.next(); piece && !piece->empty(); piece = statements.next()) out += *piece;
  EXPECT_EQ(statements.changes_done(), changes);
  return out;
}

TEST(ChangeStatements, EveryChangeIsAStatementInATransaction) {
  std::istringstream lines(all_statements(3, 5'010));
  std::map<std::string, int> count;
  bool open = false;
  for (std::string line; std::getline(lines, line);) {
    ASSERT_TRUE(line.ends_with(';')) << line;
    const std::string word = line.substr(0, line.find_first_of(" ;"));
    ++count[word];
    if (word == "SET") continue;
    EXPECT_EQ(open, word != "START") << line;
    open = word != "COMMIT";
  }
  EXPECT_FALSE(open);
  EXPECT_EQ(count["INSERT"] + count["UPDATE"] + count["DELETE"], 5'010);
  EXPECT_EQ(count["START"], 251);
  EXPECT_EQ(count["COMMIT"], 251);
  EXPECT_GT(count["DELETE"], 200);
}

TEST(ChangeStatements, ASilentUpdateLeavesUpdatedAtAlone) {
  std::istringstream lines(all_statements(3, 2'000));
  int silent = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("UPDATE orders")) continue;
    EXPECT_EQ(line.find("`id` ="), std::string::npos) << line;
    EXPECT_NE(line.find(" WHERE id = "), std::string::npos) << line;
    silent += line.find("`updated_at` =") == std::string::npos ? 1 : 0;
  }
  EXPECT_GT(silent, 80);
  EXPECT_LT(silent, 300);
}

TEST(ChangeStatements, MoreChangesBeginWithTheSame) {
  const std::string few = all_statements(3, 4'000);
  EXPECT_EQ(all_statements(3, 4'000), few);
  EXPECT_TRUE(all_statements(3, 4'100).starts_with(few));
  EXPECT_NE(all_statements(4, 4'000), few);
}

}  // namespace
}  // namespace canvasback
