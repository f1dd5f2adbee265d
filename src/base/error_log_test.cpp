#include "base/error_log.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(ErrorLog, TellsOurOwnWords) {
  const Error full{ErrorCode::StorageLimit, "The disk is full.", "write /data/x", {}, 0};
  EXPECT_EQ(for_log(full), "StorageLimit The disk is full. write /data/x");
}

TEST(ErrorLog, QuotesNoStatementAndNoValue) {
  for (ErrorCode code :
       {ErrorCode::QueryInvalid, ErrorCode::Database, ErrorCode::DataProcessing, ErrorCode::InvalidData,
        ErrorCode::SchemaValidation, ErrorCode::QueryForbidden, ErrorCode::DuplicateRecord}) {
    const Error error{code, "Could not convert 'secret' in SELECT secret", "secret", {}, 0};
    EXPECT_EQ(for_log(error).find("secret"), std::string::npos) << name_of(code);
    EXPECT_EQ(for_log(error).find(name_of(code)), 0U);
  }
}

}  // namespace
}  // namespace canvasback
