// The fixed lists of the marketplace: 61 countries, 30 categories, statuses, and the words that names consist of.
// Weights are shares of no particular sum; money is in cents.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace canvasback::marketplace {

struct Country {
  std::string_view code;  // ISO 3166-1 alpha-2
  int weight;             // of customers
  int delivery_days;      // at most
};
std::span<const Country> countries();

struct Category {
  std::string_view name;
  std::string_view thing;  // what an offer of it is called
  int weight;              // of offers
  int price;               // the median, in cents
  int refund_per_mille;    // of delivered orders
  int fee_per_mille;       // of the amount
};
std::span<const Category> categories();

inline constexpr std::array<std::string_view, 8> kOrderStatuses{"pending",   "paid",     "processing", "shipped",
                                                                "delivered", "returned", "refunded",   "cancelled"};
enum class OrderStatus { Pending, Paid, Processing, Shipped, Delivered, Returned, Refunded, Cancelled };

inline constexpr std::array<std::string_view, 4> kOfferStatuses{"active", "paused", "sold_out", "ended"};
inline constexpr std::array<std::string_view, 3> kSellerTiers{"standard", "plus", "premium"};
inline constexpr std::array<std::string_view, 3> kSegments{"consumer", "business", "education"};

inline constexpr std::array<std::string_view, 16> kAdjectives{
    "Small", "Large", "Red", "Blue",  "Wooden", "Steel", "Light",   "Classic",
    "Quiet", "Solid", "Eco", "Smart", "Green",  "Basic", "Vintage", "Compact"};
inline constexpr std::array<std::string_view, 24> kFirstNames{
    "Ann",  "Bob",  "Chen", "Dana",  "Émile", "Fatima", "Goran", "Hana",  "Ivan", "Jana", "Kofi", "Lena",
    "Mina", "Noor", "Olga", "Pavel", "Quinn", "Renée",  "Søren", "Tomás", "Uma",  "Vera", "Wim",  "Zoë"};
inline constexpr std::array<std::string_view, 20> kLastNames{
    "Smith",  "Müller",  "García", "Kowalski", "Nguyen", "Okafor", "Rossi",   "Sato",   "Silva",  "Larsen",
    "Dubois", "Ivanova", "Khan",   "Novák",    "Jensen", "Yılmaz", "O'Brien", "Haddad", "Mensah", "Kim"};
inline constexpr std::array<std::string_view, 12> kSellerNames{"Northwind", "Harbour", "Alpine",  "Lakeside",
                                                               "Meridian",  "Orchard", "Granite", "Sunrise",
                                                               "Cobalt",    "Juniper", "Copper",  "Heron"};
inline constexpr std::array<std::string_view, 6> kSellerKinds{"Trading", "Goods", "Outlet", "Store", "& Sons", "Depot"};

}  // namespace canvasback::marketplace
