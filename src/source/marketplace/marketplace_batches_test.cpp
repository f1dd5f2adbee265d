#include "source/marketplace/marketplace_batches.hpp"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/util/decimal.h>
#include <gtest/gtest.h>

namespace canvasback::marketplace {
namespace {

constexpr std::int64_t kOrders = 30'000;

TEST(MarketplaceBatches, EveryTableHasItsRowsInItsSchema) {
  const auto marketplace = std::make_shared<const Marketplace>(7, kOrders);
  for (const Table table : {Table::Orders, Table::Offers, Table::Sellers, Table::Customers}) {
    const auto stream = open_table(marketplace, table, CancelToken());
    std::int64_t rows = 0;
    for (auto batch = stream->next(); batch && *batch; batch = stream->next()) {
      EXPECT_TRUE((*batch)->schema()->Equals(*stream->schema()));
      EXPECT_TRUE((*batch)->ValidateFull().ok());
      EXPECT_EQ(static_cast<const arrow::Int64Array&>(*(*batch)->column(0)).Value(0), rows + 1);
      rows += (*batch)->num_rows();
    }
    EXPECT_EQ(rows, marketplace->rows(table)) << name_of(table);
    const auto after = stream->next();
    EXPECT_TRUE(after && !*after);
  }
}

TEST(MarketplaceBatches, ColumnsHoldTheValuesOfTheRow) {
  Order order;
  order.id = 5;
  order.amount = 1234;
  order.status = OrderStatus::Refunded;
  order.country = 1;
  order.rating = 4;
  order.created_at = 1'735'689'600;
  const auto batch = batch_of(std::span<const Order>(&order, 1));
  ASSERT_TRUE(batch);
  const auto text = [&](const char* name) {
    return (*batch)->GetColumnByName(name)->GetScalar(0).ValueOrDie()->ToString();
  };
  EXPECT_EQ(text("id"), "5");
  EXPECT_EQ(text("amount"), "12.34");
  EXPECT_EQ(text("status"), "refunded");
  EXPECT_EQ(text("country"), "DE");
  EXPECT_EQ(text("rating"), "4");
  EXPECT_EQ(text("shipped_at"), "null");
  EXPECT_EQ(text("created_at"), "2025-01-01 00:00:00.000000");
}

TEST(MarketplaceBatches, ACancelledStreamEnds) {
  const CancelToken cancel;
  const auto stream = open_table(std::make_shared<const Marketplace>(7, kOrders), Table::Orders, cancel);
  cancel.cancel(CancelReason::Client);
  const auto batch = stream->next();
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace canvasback::marketplace
