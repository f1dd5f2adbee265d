#include "source/marketplace/marketplace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <vector>

namespace canvasback::marketplace {
namespace {

constexpr std::int64_t kOrders = 200'000;

const Marketplace& usual() {
  static const Marketplace marketplace(7, kOrders);
  return marketplace;
}

const std::vector<Order>& orders() {
  static const std::vector<Order> made = [] {
    std::vector<Order> out;
    for (std::int64_t number = 0; number < kOrders; ++number) out.push_back(usual().order(number));
    return out;
  }();
  return made;
}

// The share of all orders that the busiest of these have.
double share_of_busiest(const std::map<std::int64_t, int>& counts, std::int64_t busiest) {
  std::vector<int> sorted;
  for (const auto& [id, count] : counts) sorted.push_back(count);
  std::ranges::sort(sorted, std::greater());
  const auto end = sorted.begin() + std::min<std::int64_t>(busiest, static_cast<std::int64_t>(sorted.size()));
  return static_cast<double>(std::accumulate(sorted.begin(), end, std::int64_t{0})) / kOrders;
}

bool same(const Order& a, const Order& b) {
  const auto values = [](const Order& order) {
    return std::tuple(order.id, order.customer_id, order.offer_id, order.status, order.amount, order.refunded,
                      order.rating, order.shipped_at, order.created_at, order.updated_at);
  };
  return values(a) == values(b);
}

TEST(Marketplace, ARowIsAFunctionOfSeedAndNumber) {
  const Marketplace again(7, kOrders);
  const Marketplace other(8, kOrders);
  int different = 0;
  for (std::int64_t number = kOrders - 1; number >= 0; number -= 997) {
    EXPECT_TRUE(same(again.order(number), orders()[static_cast<std::size_t>(number)])) << number;
    different += same(other.order(number), orders()[static_cast<std::size_t>(number)]) ? 0 : 1;
  }
  EXPECT_GT(different, 190);
  EXPECT_EQ(again.offer(17).title, usual().offer(17).title);
  EXPECT_EQ(again.seller(17).name, usual().seller(17).name);
  EXPECT_EQ(again.customer(17).name, usual().customer(17).name);
}

// Rows that change with a new version of the program are told apart from a mistake by changing this, too.
TEST(Marketplace, RowsStayWhatTheyAre) {
  std::int64_t amounts = 0;
  std::int64_t times = 0;
  for (const Order& order : orders()) {
    amounts += order.amount * (order.id % 1009) + order.refunded;
    times += (order.updated_at - order.created_at) * (order.id % 1009) + order.offer_id + order.customer_id;
  }
  EXPECT_EQ(amounts, 1'581'787'352'271);
  EXPECT_EQ(times, 78'898'534'769'804);
  EXPECT_EQ(usual().offer(99).title, "Large Jacket 3274");
  EXPECT_EQ(usual().seller(99).name, "Sunrise Outlet 100");
  EXPECT_EQ(usual().customer(99).name, "Zoë Rossi");
}

TEST(Marketplace, SizesAreThoseOfARealOneAt160MillionOrders) {
  const Marketplace large(0, 160'000'000);
  EXPECT_EQ(large.rows(Table::Orders), 160'000'000);
  EXPECT_EQ(large.rows(Table::Offers), 2'000'000);
  EXPECT_EQ(large.rows(Table::Sellers), 48'000);
  EXPECT_EQ(large.rows(Table::Customers), 32'000'000);
  const Marketplace none(0, 0);
  for (const Table table : {Table::Orders, Table::Offers, Table::Sellers, Table::Customers}) {
    EXPECT_EQ(none.rows(table), 0) << name_of(table);
    EXPECT_EQ(table_from(name_of(table)), table);
  }
  EXPECT_EQ(table_from("order"), std::nullopt);
}

TEST(Marketplace, OrdersAreOfRowsThatWereThereAlready) {
  for (const Order& order : orders()) {
    ASSERT_GE(order.offer_id, 1);
    ASSERT_LE(order.offer_id, usual().rows(Table::Offers));
    ASSERT_GE(order.customer_id, 1);
    ASSERT_LE(order.customer_id, usual().rows(Table::Customers));
    if (order.id % 50 != 0) continue;
    const Offer offer = usual().offer(order.offer_id - 1);
    const Customer customer = usual().customer(order.customer_id - 1);
    const Seller seller = usual().seller(order.seller_id - 1);
    EXPECT_EQ(offer.seller_id, order.seller_id);
    EXPECT_EQ(offer.category, order.category);
    EXPECT_EQ(customer.country, order.country);
    EXPECT_LE(offer.created_at, order.created_at) << order.id;
    EXPECT_LE(customer.created_at, order.created_at) << order.id;
    EXPECT_LE(seller.created_at, offer.created_at) << order.id;
  }
}

TEST(Marketplace, EvenOneOrderHasWhatItNeeds) {
  for (std::int64_t count = 1; count < 40; ++count) {
    const Marketplace small(count, static_cast<std::int64_t>(count));
    for (std::int64_t number = 0; number < count; ++number) {
      const Order order = small.order(number);
      ASSERT_LE(order.offer_id, small.rows(Table::Offers));
      ASSERT_LE(order.customer_id, small.rows(Table::Customers));
      ASSERT_LE(order.seller_id, small.rows(Table::Sellers));
      EXPECT_LE(small.offer(order.offer_id - 1).created_at, order.created_at);
    }
  }
}

TEST(Marketplace, StepsOfAnOrderAreInTheirOrder) {
  for (const Order& order : orders()) {
    ASSERT_GE(order.created_at, kFirstSecond);
    ASSERT_LE(order.created_at, order.updated_at);
    ASSERT_LT(order.updated_at, kEndSecond + 1);
    if (order.paid_at) {
      ASSERT_GT(*order.paid_at, order.created_at);
    }
    if (order.shipped_at) {
      ASSERT_GT(*order.shipped_at, order.paid_at.value_or(INT64_MAX));
    }
    if (order.delivered_at) {
      ASSERT_GT(*order.delivered_at, order.shipped_at.value_or(INT64_MAX));
    }
    ASSERT_EQ(order.refunded_at.has_value(), order.status == OrderStatus::Refunded);
    if (order.refunded_at) {
      ASSERT_GT(*order.refunded_at, order.delivered_at.value_or(INT64_MAX));
    }
    ASSERT_EQ(order.refunded > 0, order.refunded_at.has_value()) << order.id;
    ASSERT_LE(order.refunded, order.amount);
    if (order.rating) {
      ASSERT_TRUE(order.delivered_at && *order.rating >= 1 && *order.rating <= 5);
    }
  }
}

TEST(Marketplace, MoneyAddsUp) {
  for (const Order& order : orders()) {
    ASSERT_EQ(order.amount, order.quantity * order.unit_price - order.discount) << order.id;
    ASSERT_GT(order.amount, 0);
    ASSERT_GE(order.discount, 0);
    ASSERT_GE(order.fee, 0);
    ASSERT_LT(order.fee, order.amount);
  }
}

TEST(Marketplace, FewSellersAndCustomersHaveMostOrders) {
  std::map<std::int64_t, int> sellers;
  std::map<std::int64_t, int> offers;
  std::map<std::int64_t, int> customers;
  for (const Order& order : orders()) {
    ++sellers[order.seller_id];
    ++offers[order.offer_id];
    ++customers[order.customer_id];
  }
  const double by_sellers = share_of_busiest(sellers, usual().rows(Table::Sellers) / 10);
  EXPECT_GT(by_sellers, 0.45);
  EXPECT_LT(by_sellers, 0.85);
  EXPECT_GT(share_of_busiest(offers, usual().rows(Table::Offers) / 10), 0.4);
  const double by_customers = share_of_busiest(customers, usual().rows(Table::Customers) / 10);
  EXPECT_GT(by_customers, 0.4);
  EXPECT_LT(by_customers, 0.8);
  EXPECT_GT(sellers.size(), static_cast<std::size_t>(usual().rows(Table::Sellers) * 3 / 4));
}

TEST(Marketplace, EveryCountryCategoryAndStatusIsThere) {
  std::map<int, int> by_country;
  std::map<int, int> by_category;
  std::map<OrderStatus, int> statuses;
  int late = 0;
  for (const Order& order : orders()) {
    ++by_country[order.country];
    ++by_category[order.category];
    ++statuses[order.status];
    late += order.updated_at - order.created_at > 100 * kDaySeconds ? 1 : 0;
  }
  EXPECT_EQ(by_country.size(), 61U);
  EXPECT_EQ(by_category.size(), 30U);
  EXPECT_EQ(statuses.size(), 8U);
  EXPECT_GT(by_country[0], kOrders / 8);
  EXPECT_GT(statuses[OrderStatus::Delivered], kOrders * 3 / 4);
  EXPECT_GT(statuses[OrderStatus::Refunded], kOrders / 50);
  EXPECT_LT(statuses[OrderStatus::Refunded], kOrders / 10);
  EXPECT_GT(statuses[OrderStatus::Cancelled], kOrders / 50);
  EXPECT_GT(late, kOrders / 1000);
  EXPECT_LT(late, kOrders / 100);
}

TEST(Marketplace, NamesAreDistinct) {
  std::set<std::string_view> codes;
  std::set<std::string_view> names;
  for (const Country& country : countries()) codes.insert(country.code);
  for (const Category& category : categories()) names.insert(category.name);
  EXPECT_EQ(codes.size(), 61U);
  EXPECT_EQ(names.size(), 30U);
}

}  // namespace
}  // namespace canvasback::marketplace
