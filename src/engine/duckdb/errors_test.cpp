#include "engine/duckdb/errors.hpp"

#include <gtest/gtest.h>

namespace canvasback::duck {
namespace {

Error translated(std::string_view message, std::string_view sql = "") {
  return translate_error(message, sql, CancelToken());
}

TEST(DuckDbErrors, TheClassDecidesTheCode) {
  EXPECT_EQ(translated("Parser Error: x").code, ErrorCode::QueryInvalid);
  EXPECT_EQ(translated("Conversion Error: x").code, ErrorCode::QueryInvalid);
  EXPECT_EQ(translated("Permission Error: x").code, ErrorCode::QueryForbidden);
  EXPECT_EQ(translated("IO Error: x").code, ErrorCode::InvalidData);
  EXPECT_EQ(translated("Out of Memory Error: x").code, ErrorCode::MemoryLimit);
  EXPECT_EQ(translated("Something Error: std::bad_alloc").code, ErrorCode::MemoryLimit);
  EXPECT_EQ(translated("Something new: x").code, ErrorCode::Database);
}

TEST(DuckDbErrors, AdviceAndInternalSqlAreLeftOut) {
  EXPECT_EQ(translated("Invalid Input Error: CSV Error on Line: 3\nOriginal Line: a;b\nPossible solutions:\n* Set "
                       "sample_size=-1\n\n  file = /x.csv\n\nLINE 1: ...DESCRIBE SELECT * FROM read_csv([")
                .message,
            "Invalid Input Error: CSV Error on Line: 3\nOriginal Line: a;b");
  EXPECT_EQ(translated("Invalid Input Error: Malformed JSON in file \"a.json\", at byte 4: unexpected. Try setting "
                       "'ignore_errors' to true")
                .message,
            "Invalid Input Error: Malformed JSON in file \"a.json\", at byte 4: unexpected.");
  EXPECT_EQ(translated("IO Error: It is too large. Use maximum_object_size for it").message,
            "IO Error: It is too large.");
}

TEST(DuckDbErrors, AnInterruptTakesTheTokensReason) {
  CancelToken cancel;
  EXPECT_EQ(translate_error("INTERRUPT Error: Interrupted!", "", cancel).code, ErrorCode::Cancelled);
  cancel.cancel(CancelReason::Timeout);
  EXPECT_EQ(translate_error("INTERRUPT Error: Interrupted!", "", cancel).code, ErrorCode::QueryTimeout);
}

TEST(DuckDbErrors, InternalErrorsKeepTheirTextFromTheClient) {
  const Error error = translated("INTERNAL Error: Assertion triggered in file \"/x/y.cpp\"");
  EXPECT_EQ(error.code, ErrorCode::Database);
  EXPECT_EQ(error.message.find("y.cpp"), std::string::npos);
  EXPECT_NE(error.detail.find("y.cpp"), std::string::npos);
  EXPECT_TRUE(is_fatal("FATAL Error: x"));
  EXPECT_FALSE(is_fatal("Binder Error: x"));
}

TEST(DuckDbErrors, ThePositionIsTheCaretsByteInTheStatement) {
  const std::string_view sql = "SELECT 1,\n       nope\nFROM t";
  EXPECT_EQ(translated("Binder Error: x\n\nLINE 2:        nope\n               ^", sql).position, 17);
  EXPECT_EQ(translated("Parser Error: x\n\nLINE 1: SELECT 1,\n        ^", sql).position, 0);
}

TEST(DuckDbErrors, MessagesWithoutAUsefulCaretHaveNoPosition) {
  for (std::string_view message :
       {"Binder Error: x", "Binder Error: x\n\nLINE ", "Binder Error: x\n\nLINE 1", "Binder Error: x\n\nLINE 1: a",
        "Binder Error: x\n\nLINE 1: a\n", "Binder Error: x\n\nLINE 1: ...a b\n   ^", "Binder Error: x\n\nLINE x: a\n ^",
        "Binder Error: x\n\nLINE 9: a\n          ^", "Binder Error: x\n\nLINE 1: a\n^",
        "Binder Error: x\n\nLINE 12345678901234567890: a\n ^"}) {
    EXPECT_EQ(translated(message, "a").position, std::nullopt) << message;
  }
}

}  // namespace
}  // namespace canvasback::duck
