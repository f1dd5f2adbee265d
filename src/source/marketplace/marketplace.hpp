// A marketplace as sample data: orders, offers, sellers and customers. Each row is a pure function of (seed, number of
// orders, row number), so that any range of any table can be generated anywhere, in constant memory; whole numbers and
// products of doubles only, so that it is the same on every machine.
//
// Sizes: with N orders N/5 customers, 2,000,000 × √(N/160M) offers and 48,000 × √(N/160M) sellers: at 160 million
// orders those of a real marketplace, of fewer orders enough to rank. IDs are 1 to the number of rows. Time
// (calendar.hpp): three years with growth, months, shopping days, weekdays and hours. Orders come in by ID. Some
// sellers, offers and customers are older than the first order; the others join as orders come in, so an order never
// is of an offer, seller or customer that was not there yet.
// Skew: offers of orders and sellers of offers by the cube of a uniform number; a sixteenth of the customers has
// two fifths of the orders; countries and categories by the weights of names.hpp.
// Orders go through their statuses at random times; the row is what it was at kEndSecond: old ones are delivered,
// refunded, returned or cancelled, the last days' are on their way. updated_at is the time of the last event; one order
// in 256 is corrected once more, up to 200 days after it was placed (late updates).
// Money is in cents: amount = quantity × unit_price − discount; fee is the marketplace's part of the amount; refunded
// is 0 to amount. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "source/marketplace/calendar.hpp"
#include "source/marketplace/draws.hpp"
#include "source/marketplace/names.hpp"

namespace canvasback::marketplace {

enum class Table { Orders, Offers, Sellers, Customers };
std::optional<Table> table_from(std::string_view name);  // "orders", "offers", "sellers", "customers"
std::string_view name_of(Table table);

// Times are seconds since 1970-01-01 UTC.
struct Order {
  std::int64_t id = 0;
  std::int64_t customer_id = 0;
  std::int64_t offer_id = 0;
  std::int64_t seller_id = 0;  // the offer's
  int country = 0;             // the customer's, in countries()
  int category = 0;            // the offer's, in categories()
  OrderStatus status = OrderStatus::Pending;
  int quantity = 1;
  std::int64_t unit_price = 0;
  std::int64_t discount = 0;
  std::int64_t amount = 0;
  std::int64_t fee = 0;
  std::int64_t refunded = 0;
  std::optional<int> rating = {};  // 1 to 5
  std::optional<std::int64_t> paid_at = {}, shipped_at = {}, delivered_at = {}, refunded_at = {};
  std::int64_t created_at = 0;
  std::int64_t updated_at = 0;
};

struct Offer {
  std::int64_t id = 0;
  std::int64_t seller_id = 0;
  int category = 0;
  std::string title = {};
  int status = 0;  // in kOfferStatuses
  std::int64_t price = 0;
  std::int64_t list_price = 0;  // at least the price
  int stock = 0;
  std::int64_t views = 0;
  std::int64_t created_at = 0;
  std::int64_t updated_at = 0;
};

struct Seller {
  std::int64_t id = 0;
  std::string name = {};
  int country = 0;
  int tier = 0;    // in kSellerTiers
  int rating = 0;  // hundredths: 300 to 500
  std::int64_t created_at = 0;
  std::int64_t updated_at = 0;
};

struct Customer {
  std::int64_t id = 0;
  std::string name = {};
  std::string email = {};
  int country = 0;
  int segment = 0;  // in kSegments
  std::int64_t created_at = 0;
  std::int64_t updated_at = 0;
};

// Rows of a table that join while orders come in: how many are there when an order comes, and the other way round.
class Arrivals {
 public:
  // initial_percent of the rows are there before the first order. count: at least 1 where there are orders.
  Arrivals(std::int64_t count, std::int64_t initial_percent, std::int64_t orders);

  std::int64_t count() const { return count_; }
  // At least 1.
  std::int64_t there_at(std::int64_t order) const;
  // The first order that row `number` may be of; nothing where it is older than all of them.
  std::optional<std::int64_t> first_order(std::int64_t number) const;
  // How old those rows are: 0 the newest up to 1,000,000 the oldest.
  std::int64_t age_of_initial(std::int64_t number) const;
  // The row of this rank among those that are there: rank and number have nothing to do with each other.
  std::int64_t ranked(std::int64_t rank, std::int64_t there) const;

 private:
  std::int64_t count_;
  std::int64_t initial_;
  std::int64_t orders_;
  std::int64_t step_ = 1;  // coprime to count_
};

class Marketplace {
 public:
  // orders: 0 or more; none: all tables are empty.
  Marketplace(std::uint64_t seed, std::int64_t orders);

  std::uint64_t seed() const { return seed_; }
  std::int64_t rows(Table table) const;

  // Row `number`, from 0, as of kEndSecond; precondition: it is below rows().
  Order order(std::int64_t number) const;
  Offer offer(std::int64_t number) const;
  Seller seller(std::int64_t number) const;
  Customer customer(std::int64_t number) const;

  // An order after those of the table: placed at `created_at`, as of `now`.
  struct Later {
    std::int64_t id;
    std::int64_t created_at;
    std::int64_t now;
  };
  Order later_order(const Later& later) const;
  // A customer after those of the table.
  Customer later_customer(std::int64_t id, std::int64_t created_at) const;

 private:
  // What an order needs to know of its offer.
  struct Article {
    std::int64_t seller = 0;  // its number
    int category = 0;
    std::int64_t price = 0;
  };
  Article article(std::int64_t offer) const;
  std::int64_t joined(const Arrivals& arrivals, std::int64_t number, std::int64_t oldest_day,
                      std::int64_t newest_day) const;
  std::int64_t buyer(Draws& draws, std::int64_t there) const;
  Customer customer_of(std::int64_t id, std::int64_t created_at) const;
  Order placed(Draws& draws, std::int64_t position, std::int64_t id, std::int64_t created_at) const;

  const std::uint64_t seed_;
  const std::int64_t orders_;
  const Calendar calendar_;
  const Arrivals offers_;
  const Arrivals sellers_;
  const Arrivals customers_;
  const WeightedChoice country_;
  const WeightedChoice category_;
};

}  // namespace canvasback::marketplace
