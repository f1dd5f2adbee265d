#include "service/collection/ingest_request.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

KeptRequest kept(const std::string& fingerprint) {
  KeptRequest out{"key", 3, 1, 7, 5};
  out.fingerprint = fingerprint;
  return out;
}

TEST(IngestRequest, ARepetitionIsTheSameInParametersAndBody) {
  const IngestRequest request;
  const std::string fingerprint = fingerprint_of(request, "body");
  EXPECT_EQ(fingerprint, fingerprint_of(request, "body"));
  EXPECT_NE(fingerprint, fingerprint_of(request, "bodY"));
  for (auto change :
       {+[](IngestRequest& other) { other.format = InputFormat::Csv; },
        +[](IngestRequest& other) { other.on_conflict = OnConflict::Update; },
        +[](IngestRequest& other) { other.quarantine = true; }, +[](IngestRequest& other) { other.cast = false; },
        +[](IngestRequest& other) { other.repeated_as = "PUT /a"; }}) {
    IngestRequest other;
    change(other);
    EXPECT_NE(fingerprint, fingerprint_of(other, "body"));
  }
}

TEST(IngestRequest, ABodyThatIsMadeAnewIsKnownByWhatItIsMadeFrom) {
  IngestRequest request;
  request.repeated_body = "patch";
  EXPECT_EQ(fingerprint_of(request, "one"), fingerprint_of(request, "other"));
}

TEST(IngestRequest, ARepetitionIsAnsweredAsTheFirstTime) {
  const auto answer = answer_again(kept("f"), "f");
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->repeated);
  EXPECT_EQ(answer->records, 3);
  EXPECT_EQ(answer->quarantined, 1);
  EXPECT_EQ(answer->commit, 7U);
  EXPECT_EQ(answer_again(kept("f"), "g").error().code, ErrorCode::IdempotencyKeyReused);
  // Kept before there were fingerprints: nothing can be compared.
  EXPECT_TRUE(answer_again(kept(""), "g"));
}

TEST(IngestRequest, TheTasksInputSaysWhatTheRequestDoes) {
  IngestRequest request;
  request.format = InputFormat::Csv;
  request.encoding = "gzip";
  request.key = "k";
  request.quarantine = true;
  request.cast = true;
  const IngestInput input = input_of(request);
  EXPECT_EQ(input.format, InputFormat::Csv);
  EXPECT_EQ(input.encoding, "gzip");
  EXPECT_EQ(input.key, "k");
  EXPECT_TRUE(input.quarantine);
  EXPECT_EQ(input.cast, true);
  EXPECT_EQ(input.bytes, -1);
}

}  // namespace
}  // namespace canvasback
