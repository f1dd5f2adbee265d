// What becomes of tasks that stand still or grow, by samples that the test makes up.
#include "worker/pool/supervision.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "worker/pool/role_profile.hpp"

namespace canvasback {
namespace {

using Kind = Decision::Kind;

constexpr std::size_t kNone = 0;

PoolOptions options() {
  PoolOptions out;
  out.memory_budget_bytes = 8 * limits::kGiB;
  return out;
}

TaskSample unread_for(std::chrono::milliseconds time) {
  TaskSample sample;
  sample.unread = time;
  return sample;
}

TEST(SupervisionTest, AnAnswerThatNobodyReadsIsParkedSoonerWhereOthersWait) {
  const SupervisionRules rules = query_profile(options()).supervision;
  EXPECT_EQ(decision_on({}, rules, true, kNone).kind, Kind::GoOn);
  EXPECT_EQ(decision_on(unread_for(limits::kParkAfterContended), rules, false, kNone).kind, Kind::GoOn);
  EXPECT_EQ(decision_on(unread_for(limits::kParkAfterContended), rules, true, kNone).kind, Kind::Park);
  EXPECT_EQ(decision_on(unread_for(limits::kParkAfter), rules, false, kNone).kind, Kind::Park);
  TaskSample parked = unread_for(limits::kParkAfter);
  parked.parked = true;
  EXPECT_EQ(decision_on(parked, rules, true, kNone).kind, Kind::GoOn);
}

TEST(SupervisionTest, AStreamThatSendsNothingIsParkedWhereOthersWait) {
  const SupervisionRules rules = ingest_profile(options(), 1, {}).supervision;
  TaskSample sample;
  sample.pulse.starved = rules.starved_samples;
  EXPECT_EQ(decision_on(sample, rules, true, kNone).kind, Kind::GoOn) << "it is no stream";
  sample.is_stream = true;
  EXPECT_EQ(decision_on(sample, rules, true, kNone).kind, Kind::Park);
  EXPECT_EQ(decision_on(sample, rules, false, kNone).kind, Kind::GoOn);
  EXPECT_EQ(decision_on(sample, rules, true, limits::kIngestParkedMax).kind, Kind::GoOn);
}

TEST(SupervisionTest, AClientMaySendNothingForLongButAWorkerMayNotStandStill) {
  const SupervisionRules rules = ingest_profile(options(), 1, {}).supervision;
  TaskSample sample;
  sample.pulse.starved = 10 * rules.stalled_max;
  EXPECT_EQ(decision_on(sample, rules, false, kNone).kind, Kind::GoOn);
  sample.pulse.stalled = rules.stalled_max;
  EXPECT_EQ(decision_on(sample, rules, false, kNone).kind, Kind::GoOn);
  ++sample.pulse.stalled;
  const Decision decision = decision_on(sample, rules, false, kNone);
  EXPECT_EQ(decision.kind, Kind::Kill);
  EXPECT_EQ(decision.error.code, ErrorCode::Unavailable);
}

TEST(SupervisionTest, AWorkerThatSaysNothingIsKilled) {
  for (const RoleProfile& profile : {ingest_profile(options(), 1, {}), large_merge_profile(options())}) {
    TaskSample sample;
    sample.pulse.silent = profile.supervision.silent_max + 1;
    EXPECT_EQ(decision_on(sample, profile.supervision, false, kNone).kind, Kind::Kill);
  }
}

TEST(SupervisionTest, AMergeHasItsTime) {
  const SupervisionRules rules = small_merge_profile(options()).supervision;
  TaskSample sample;
  sample.pulse.starved = rules.starved_max + 1;
  EXPECT_EQ(decision_on(sample, rules, false, kNone).error.message, "The task took too long.");
}

TEST(SupervisionTest, AProcessPastItsMemoryIsKilled) {
  TaskSample sample = unread_for(limits::kParkAfter);
  sample.over_memory = true;
  sample.memory_bytes_max = 512'000'000;
  const Decision decision = decision_on(sample, query_profile(options()).supervision, true, kNone);
  EXPECT_EQ(decision.kind, Kind::Kill);
  EXPECT_EQ(decision.error.code, ErrorCode::MemoryLimit);
  EXPECT_NE(decision.error.message.find("512 MB"), std::string::npos);
}

}  // namespace
}  // namespace canvasback
