#include "record/column_type.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(ColumnType, NumbersAndDatesAreToldByName) {
  for (const char* type : {"TINYINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL(12,2)"}) {
    EXPECT_TRUE(is_number_type(type) && !is_date_type(type)) << type;
  }
  for (const char* type : {"DATE", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}) {
    EXPECT_TRUE(is_date_type(type) && may_be_infinite(type) && !is_number_type(type)) << type;
  }
  for (const char* type : {"VARCHAR", "DECIMAL(12,2)[]", "DOUBLE[]", "TIME", "STRUCT(x BIGINT)", "BOOLEAN"}) {
    EXPECT_FALSE(is_number_type(type) || is_date_type(type) || may_be_infinite(type)) << type;
  }
  EXPECT_TRUE(may_be_infinite("DOUBLE"));
  EXPECT_FALSE(may_be_infinite("BIGINT"));
}

}  // namespace
}  // namespace canvasback
