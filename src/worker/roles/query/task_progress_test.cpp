#include "worker/roles/query/task_progress.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

double share_of(const TaskProgress& progress, double engine_share = -1) {
  return progress.json([=] { return engine_share; }).at("share").as_double();
}

TEST(TaskProgressTest, NothingIsKnownAtFirst) {
  TaskProgress progress;
  const Json json = progress.json([] { return -1.0; });
  EXPECT_EQ(json.at("rows").as_int(), 0);
  EXPECT_TRUE(json.at("rows_expected").is_null());
  EXPECT_EQ(share_of(progress), -1);
}

TEST(TaskProgressTest, RowsOfThoseExpectedAreTheShare) {
  TaskProgress progress;
  progress.expect_rows(200);
  progress.set_rows(50);
  EXPECT_EQ(share_of(progress, 0.9), 0.25);
  progress.set_rows(300);
  EXPECT_EQ(share_of(progress), 1);
}

TEST(TaskProgressTest, TheEngineIsAskedWhereTheTaskDoesNotKnow) {
  TaskProgress progress;
  EXPECT_EQ(share_of(progress, 0.4), 0.4);
  progress.set_share(0.6);
  EXPECT_EQ(share_of(progress, 0.4), 0.6);
}

TEST(TaskProgressTest, StepsArePartsOfTheWhole) {
  TaskProgress progress;
  progress.begin_step(0.5, 0.5);
  EXPECT_EQ(share_of(progress), 0.5);
  EXPECT_EQ(share_of(progress, 0.5), 0.75);
  progress.begin();
  EXPECT_EQ(share_of(progress, 0.5), 0.5);
}

}  // namespace
}  // namespace canvasback
