// Who waits and who is next, with tasks that are numbers, a clock that the test sets, and workers that are a count.
#include "worker/pool/admission.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

using Ids = std::vector<Admission::Id>;
using std::chrono::seconds;

constexpr std::int64_t kSecondNs = 1'000'000'000;

// Starts whatever may start, as long as there are idle workers.
Ids start_all(Admission& admission, int idle = 100) {
  Ids out;
  for (auto id = admission.next(); id && idle > 0; id = admission.next(), --idle) {
    admission.start(*id);
    out.push_back(*id);
  }
  return out;
}

AdmissionRules three_places() {
  AdmissionRules rules;
  rules.places = 3;
  rules.keeps_bounded_place = true;
  return rules;
}

TEST(AdmissionTest, FirstInFirstOut) {
  Admission admission(three_places());
  for (Admission::Id id : {1, 2, 3}) admission.wait(id, Lane::General, 0);
  EXPECT_EQ(start_all(admission, 1), Ids{1});
  EXPECT_EQ(start_all(admission), Ids{2});
  EXPECT_EQ(admission.waiting(), 1U);
  admission.end(1);
  EXPECT_EQ(start_all(admission), Ids{3});
}

TEST(AdmissionTest, OnePlaceIsForBoundedTasks) {
  Admission admission(three_places());
  for (Admission::Id id : {1, 2, 3}) admission.wait(id, Lane::General, 0);
  EXPECT_EQ(start_all(admission), (Ids{1, 2}));
  admission.wait(4, Lane::Bounded, 0);
  admission.wait(5, Lane::Bounded, 0);
  EXPECT_EQ(start_all(admission), Ids{4});
  EXPECT_EQ(admission.running(), 3U);
  admission.end(1);
  EXPECT_EQ(start_all(admission), Ids{5}) << "a page goes before what waited longer";
}

TEST(AdmissionTest, TheOnlyPlaceIsForAll) {
  AdmissionRules rules;
  Admission admission(rules);
  admission.wait(1, Lane::General, 0);
  EXPECT_EQ(start_all(admission), Ids{1});
}

TEST(AdmissionTest, GeneralTasksAndStreamsTakeTurns) {
  AdmissionRules rules;
  rules.places = 6;
  Admission admission(rules);
  for (Admission::Id id : {1, 2, 3}) admission.wait(id, Lane::Stream, 0);
  for (Admission::Id id : {4, 5, 6}) admission.wait(id, Lane::General, 0);
  EXPECT_EQ(start_all(admission), (Ids{4, 1, 5, 2, 6, 3}));
}

TEST(AdmissionTest, ATurnThatNobodyUsedIsKept) {
  AdmissionRules rules;
  rules.places = 2;
  Admission admission(rules);
  admission.wait(1, Lane::Stream, 0);
  EXPECT_EQ(start_all(admission), Ids{1}) << "there is no general task";
  admission.wait(2, Lane::Stream, 0);
  admission.wait(3, Lane::General, 0);
  EXPECT_EQ(start_all(admission), Ids{3});
}

TEST(AdmissionTest, WithoutTurnsItIsFirstComeFirstServed) {
  AdmissionRules rules;
  rules.places = 4;
  rules.takes_turns = false;
  rules.streams_max = 2;
  Admission admission(rules);
  for (Admission::Id id : {1, 2, 3}) admission.wait(id, Lane::Stream, 0);
  admission.wait(4, Lane::General, 0);
  admission.wait(5, Lane::General, 0);
  EXPECT_EQ(start_all(admission), (Ids{1, 2, 4, 5})) << "what may not start keeps nobody waiting";
  admission.end(1);
  EXPECT_EQ(start_all(admission), Ids{3});
}

TEST(AdmissionTest, AParkedTaskGivesItsPlaceAway) {
  AdmissionRules rules;
  rules.streams_max = 1;
  Admission admission(rules);
  admission.wait(1, Lane::Stream, 0);
  admission.wait(2, Lane::Stream, 0);
  EXPECT_EQ(start_all(admission), Ids{1});
  admission.park(1);
  EXPECT_EQ(start_all(admission), Ids{2});
  EXPECT_EQ(admission.parked(), 1U);
  admission.end(1);
  EXPECT_EQ(admission.parked(), 0U);
  EXPECT_EQ(admission.running(), 1U);
}

TEST(AdmissionTest, StreamsThatRunMustFindRoomToBeParked) {
  AdmissionRules rules;
  rules.places = 4;
  rules.streams_max = 2;
  rules.parked_max = 2;
  rules.parked_are_streams = true;
  Admission admission(rules);
  for (Admission::Id id : {1, 2, 3}) admission.wait(id, Lane::Stream, 0);
  EXPECT_EQ(start_all(admission), (Ids{1, 2}));
  admission.park(1);
  EXPECT_EQ(start_all(admission), Ids());
  admission.park(2);
  EXPECT_EQ(start_all(admission), Ids{3}) << "one may always run";
  EXPECT_EQ(admission.refusal(Lane::Stream), Admission::Refusal::StreamsFull);
  EXPECT_EQ(admission.refusal(Lane::General), std::nullopt);
  admission.wait(4, Lane::Stream, 0);
  EXPECT_EQ(admission.refused_streams(), Ids{4});
  admission.end(1);
  EXPECT_EQ(admission.refused_streams(), Ids());
}

TEST(AdmissionTest, QueuesAreBounded) {
  AdmissionRules rules;
  rules.waiting_max = 2;
  rules.streams_waiting_max = 1;
  Admission admission(rules);
  admission.wait(1, Lane::Stream, 0);
  EXPECT_EQ(admission.refusal(Lane::Stream), Admission::Refusal::StreamsFull);
  EXPECT_EQ(admission.refusal(Lane::Bounded), std::nullopt);
  admission.wait(2, Lane::Bounded, 0);
  EXPECT_EQ(admission.refusal(Lane::Bounded), Admission::Refusal::QueueFull);
  admission.leave(1);
  EXPECT_EQ(admission.refusal(Lane::Stream), std::nullopt);
}

TEST(AdmissionTest, NobodyWaitsForEver) {
  AdmissionRules rules;
  rules.wait_max = seconds(30);
  Admission admission(rules);
  admission.wait(1, Lane::General, 0);
  admission.wait(2, Lane::Bounded, 10 * kSecondNs);
  EXPECT_EQ(admission.overdue(30 * kSecondNs), Ids());
  EXPECT_EQ(admission.overdue(31 * kSecondNs), Ids{1});
  EXPECT_EQ(admission.overdue(41 * kSecondNs), (Ids{2, 1}));
  admission.leave(1);
  EXPECT_EQ(admission.overdue(41 * kSecondNs), Ids{2});
}

}  // namespace
}  // namespace canvasback
