#include "encode/mysql/mysql_text.hpp"

#include <gtest/gtest.h>

#include "encode/test_support.hpp"

namespace canvasback {
namespace {

TEST(MysqlText, AssignmentsLeaveOutWhatIsNamed) {
  const auto batch = batch_of({{"id", arrow::int64(), "[7]"},
                               {"name", arrow::utf8(), R"(["O'Brien"])"},
                               {"updated_at", arrow::timestamp(arrow::TimeUnit::MICRO), "[null]"}});
  const MysqlRows rows(*batch, MysqlRows::Form::Literals);
  std::string text;
  {
    TextWriter out(text);
    rows.append_assignments(0, {"id"}, out);
    out.append('\n');
    rows.append_assignments(0, {"id", "updated_at"}, out);
  }
  EXPECT_EQ(text, "`name` = 'O\\'Brien', `updated_at` = NULL\n`name` = 'O\\'Brien'");
}

TEST(MysqlText, TimesWithAZoneAreRefused) {
  EXPECT_FALSE(MysqlRows::check(*arrow::schema({arrow::field("t", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"))})));
  EXPECT_TRUE(MysqlRows::check(*arrow::schema({arrow::field("t", arrow::timestamp(arrow::TimeUnit::MICRO))})));
}

}  // namespace
}  // namespace canvasback
