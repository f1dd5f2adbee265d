#include "source/marketplace/marketplace.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "source/marketplace/order_life.hpp"

namespace canvasback::marketplace {
namespace {

constexpr std::array<std::string_view, 4> kTables{"orders", "offers", "sellers", "customers"};

// √(orders × per), which is exact enough on every machine; at least 1 where there are orders.
std::int64_t by_root(std::int64_t orders, double per) {
  if (orders == 0) return 0;
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::sqrt(static_cast<double>(orders) * per)));
}

template <class Values>
std::vector<int> weights_of(const Values& values) {
  std::vector<int> out;
  for (const auto& value : values) out.push_back(value.weight);
  return out;
}

template <class Array>
std::string_view one_of(const Array& values, Draws& draws) {
  return values[static_cast<std::size_t>(draws.below(static_cast<std::int64_t>(values.size())))];
}

// Percent of a category's median: about log-normal, as sixteen equal parts.
std::int64_t price_percent(Draws& draws) {
  static constexpr std::array kQuantiles{21, 34, 45, 54, 62, 71, 80, 90, 100, 112, 125, 141, 160, 186, 224, 292, 617};
  const auto part = static_cast<std::size_t>(draws.below(16));
  return draws.from(kQuantiles[part], kQuantiles[part + 1]);
}

// Prices as they are written on a label: 12.99, 12.49 or 12.00.
std::int64_t labelled(std::int64_t cents, Draws& draws) {
  const std::int64_t whole = std::max<std::int64_t>(cents / 100, 1) * 100;
  const std::int64_t form = draws.below(10);
  if (form < 6) return whole + 99;
  return form < 8 ? whole + 49 : whole;
}

// 0 up to `there`, low ranks most often: the cube of a uniform number.
std::int64_t skewed(Draws& draws, std::int64_t there) {
  const double drawn = draws.unit();
  return static_cast<std::int64_t>(drawn * drawn * drawn * static_cast<double>(there));
}

std::string email_of(std::int64_t id, Draws& draws) {
  static constexpr std::array<std::string_view, 4> kDomains{"example.com", "example.net", "example.org",
                                                            "mail.example"};
  return fmt::format("customer{}@{}", id, one_of(kDomains, draws));
}

// Something that happens to a row between `from` and the end; now and then nothing ever does.
std::int64_t last_change(Draws& draws, std::int64_t from) {
  const std::int64_t left = kEndSecond - from;
  return left <= 1 || draws.per_mille(150) ? from : from + draws.below(left);
}

}  // namespace

std::optional<Table> table_from(std::string_view name) {
  for (std::size_t i = 0; i < kTables.size(); ++i) {
    if (kTables[i] == name) return static_cast<Table>(i);
  }
  return std::nullopt;
}

std::string_view name_of(Table table) { return kTables[static_cast<std::size_t>(table)]; }

Arrivals::Arrivals(std::int64_t count, std::int64_t initial_percent, std::int64_t orders)
    : count_(count), initial_(std::max<std::int64_t>(count * initial_percent / 100, 1)), orders_(orders) {
  if (count_ < 3) return;
  step_ = count_ / 8 * 5 + 1;
  while (std::gcd(step_, count_) != 1) ++step_;
}

std::int64_t Arrivals::there_at(std::int64_t order) const {
  return initial_ + scaled(count_ - initial_, std::min(order, orders_), std::max<std::int64_t>(orders_, 1));
}

std::optional<std::int64_t> Arrivals::first_order(std::int64_t number) const {
  if (number < initial_) return std::nullopt;
  return std::min(scaled(number - initial_, orders_, count_ - initial_), orders_ - 1);
}

std::int64_t Arrivals::age_of_initial(std::int64_t number) const {
  return scaled(initial_ - number, 1'000'000, initial_);
}

std::int64_t Arrivals::ranked(std::int64_t rank, std::int64_t there) const {
  __extension__ using Wide = __int128;
  const auto number = static_cast<std::int64_t>(Wide{rank} * step_ % count_);
  return number < there ? number : rank;
}

Marketplace::Marketplace(std::uint64_t seed, std::int64_t orders)
    : seed_(seed),
      orders_(orders),
      calendar_(seed, orders),
      offers_(by_root(orders, 25'000), 30, orders),
      sellers_(by_root(orders, 14.4), 40, orders),
      customers_((orders + 4) / 5, 20, orders),
      country_(weights_of(countries())),
      category_(weights_of(categories())) {}

std::int64_t Marketplace::rows(Table table) const {
  switch (table) {
    case Table::Orders: return orders_;
    case Table::Offers: return offers_.count();
    case Table::Sellers: return sellers_.count();
    case Table::Customers: return customers_.count();
  }
  return 0;
}

std::int64_t Marketplace::joined(const Arrivals& arrivals, std::int64_t number, std::int64_t oldest_day,
                                 std::int64_t newest_day) const {
  if (const auto order = arrivals.first_order(number)) return calendar_.time_of(*order);
  const std::int64_t span = (newest_day - oldest_day) * kDaySeconds;
  return kFirstSecond + newest_day * kDaySeconds - scaled(span, arrivals.age_of_initial(number), 1'000'000);
}

Marketplace::Article Marketplace::article(std::int64_t offer) const {
  Draws draws(seed_, Stream::Offer, static_cast<std::uint64_t>(offer));
  const std::int64_t there = sellers_.there_at(offers_.first_order(offer).value_or(0));
  Article out;
  out.seller = sellers_.ranked(skewed(draws, there), there);
  out.category = category_.pick(draws);
  const Category& category = categories()[static_cast<std::size_t>(out.category)];
  out.price = labelled(category.price * price_percent(draws) / 100, draws);
  return out;
}

// A sixteenth of the customers has two fifths of the orders; some others have just come.
std::int64_t Marketplace::buyer(Draws& draws, std::int64_t there) const {
  const std::int64_t kind = draws.below(1000);
  const std::int64_t number = draws.below(there);
  if (kind < 400) return number / 16 * 16;
  if (kind < 600) return there - 1 - number / 64;
  return number;
}

Order Marketplace::placed(Draws& draws, std::int64_t position, std::int64_t id, std::int64_t created_at) const {
  const std::int64_t offers = offers_.there_at(position);
  const std::int64_t offer = offers_.ranked(skewed(draws, offers), offers);
  const Article article = this->article(offer);
  const std::int64_t customer = buyer(draws, customers_.there_at(position));
  Draws of_customer(seed_, Stream::CustomerCountry, static_cast<std::uint64_t>(customer + 1));
  Order order;
  order.id = id;
  order.customer_id = customer + 1;
  order.offer_id = offer + 1;
  order.seller_id = article.seller + 1;
  order.country = country_.pick(of_customer);
  order.category = article.category;
  order.quantity = draws.per_mille(780) ? 1 : static_cast<int>(draws.from(2, 5));
  order.unit_price = draws.per_mille(700) ? article.price : article.price * draws.from(85, 115) / 100;
  const std::int64_t total = order.quantity * order.unit_price;
  const bool shopping_day = Calendar::is_shopping_day((created_at - kFirstSecond) / kDaySeconds);
  if (draws.per_mille(shopping_day ? 700 : 260))
    order.discount = total * draws.from(1, shopping_day ? 10 : 6) * 5 / 100;
  order.amount = total - order.discount;
  order.fee = order.amount * categories()[static_cast<std::size_t>(order.category)].fee_per_mille / 1000;
  order.created_at = created_at;
  return order;
}

Order Marketplace::order(std::int64_t number) const {
  Draws draws(seed_, Stream::Order, static_cast<std::uint64_t>(number));
  Order order = placed(draws, number, number + 1, calendar_.time_of(number));
  live_until(order, draws, kEndSecond);
  return order;
}

Order Marketplace::later_order(const Later& later) const {
  Draws draws(seed_, Stream::Order, static_cast<std::uint64_t>(later.id - 1));
  Order order = placed(draws, orders_, later.id, later.created_at);
  live_until(order, draws, later.now);
  return order;
}

Offer Marketplace::offer(std::int64_t number) const {
  const Article article = this->article(number);
  Draws draws(seed_, Stream::OfferText, static_cast<std::uint64_t>(number));
  Offer offer;
  offer.id = number + 1;
  offer.seller_id = article.seller + 1;
  offer.category = article.category;
  const Category& category = categories()[static_cast<std::size_t>(article.category)];
  // Draws one by one: the order in which arguments are evaluated is the compiler's.
  const std::string_view adjective = one_of(kAdjectives, draws);
  offer.title = fmt::format("{} {} {}", adjective, category.thing, draws.from(100, 9999));
  const std::int64_t drawn = draws.below(100);
  offer.status = drawn < 72 ? 0 : drawn < 80 ? 1 : drawn < 88 ? 2 : 3;
  offer.price = article.price;
  offer.list_price = draws.per_mille(400) ? article.price * draws.from(105, 160) / 100 : article.price;
  offer.stock = offer.status == 2 ? 0 : static_cast<int>(draws.from(1, 250));
  offer.views = draws.below(draws.from(1, 40) * draws.from(1, 40) * 10);
  offer.created_at = joined(offers_, number, -2 * 365, 0);
  offer.updated_at = last_change(draws, offer.created_at);
  return offer;
}

Seller Marketplace::seller(std::int64_t number) const {
  Draws draws(seed_, Stream::Seller, static_cast<std::uint64_t>(number));
  Seller seller;
  seller.id = number + 1;
  const std::string_view name = one_of(kSellerNames, draws);
  seller.name = fmt::format("{} {} {}", name, one_of(kSellerKinds, draws), seller.id);
  seller.country = country_.pick(draws);
  const std::int64_t drawn = draws.below(100);
  seller.tier = drawn < 75 ? 0 : drawn < 94 ? 1 : 2;
  seller.rating = 300 + static_cast<int>(std::max(draws.below(201), draws.below(201)));
  seller.created_at = joined(sellers_, number, -6 * 365, -2 * 365);
  seller.updated_at = last_change(draws, seller.created_at);
  return seller;
}

Customer Marketplace::customer_of(std::int64_t id, std::int64_t created_at) const {
  Draws draws(seed_, Stream::Customer, static_cast<std::uint64_t>(id));
  Draws of_country(seed_, Stream::CustomerCountry, static_cast<std::uint64_t>(id));
  Customer customer;
  customer.id = id;
  const std::string_view first_name = one_of(kFirstNames, draws);
  customer.name = fmt::format("{} {}", first_name, one_of(kLastNames, draws));
  customer.email = email_of(id, draws);
  customer.country = country_.pick(of_country);
  const std::int64_t drawn = draws.below(100);
  customer.segment = drawn < 86 ? 0 : drawn < 97 ? 1 : 2;
  customer.created_at = created_at;
  customer.updated_at = last_change(draws, created_at);
  return customer;
}

Customer Marketplace::customer(std::int64_t number) const {
  return customer_of(number + 1, joined(customers_, number, -3 * 365, 0));
}

Customer Marketplace::later_customer(std::int64_t id, std::int64_t created_at) const {
  return customer_of(id, created_at);
}

}  // namespace canvasback::marketplace
