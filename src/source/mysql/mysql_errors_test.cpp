#include "source/mysql/mysql_errors.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

ErrorCode code_of(unsigned number) { return mysql_error(number, "m", "h:1").code; }

TEST(MysqlErrors, NumbersHaveTheCodeOfWhatCanBeDone) {
  EXPECT_EQ(code_of(1045), ErrorCode::Forbidden);
  EXPECT_EQ(code_of(1142), ErrorCode::Forbidden);
  EXPECT_EQ(code_of(1146), ErrorCode::QueryInvalid);
  EXPECT_EQ(code_of(1317), ErrorCode::Cancelled);
  EXPECT_EQ(code_of(1969), ErrorCode::QueryTimeout);
  EXPECT_EQ(code_of(3024), ErrorCode::QueryTimeout);
  EXPECT_EQ(code_of(2013), ErrorCode::Unavailable);
  EXPECT_EQ(code_of(2002), ErrorCode::Unavailable);
  EXPECT_EQ(code_of(2059), ErrorCode::Forbidden);
  EXPECT_EQ(code_of(1412), ErrorCode::Unavailable);
  EXPECT_EQ(code_of(1105), ErrorCode::Database);
}

TEST(MysqlErrors, MessageNamesServerAndNumberAndLogHasTheStatement) {
  const Error error = mysql_error(2013, "Lost connection to server during query", "db:3306", "SELECT 1");
  EXPECT_EQ(error.message,
            "The MySQL server db:3306 is not available: Lost connection to server during query (error 2013).");
  EXPECT_EQ(error.detail, "SELECT 1");
  EXPECT_GT(error.retry_after_seconds, 0);
  EXPECT_EQ(mysql_error(1105, "m", "h:1").retry_after_seconds, 0);
}

}  // namespace
}  // namespace canvasback
