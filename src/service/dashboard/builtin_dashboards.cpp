#include "service/dashboard/builtin_dashboards.hpp"

namespace canvasback {
namespace embedded {

extern const std::string_view flights_overview_yaml;
extern const std::string_view marketplace_categories_yaml;
extern const std::string_view marketplace_customers_yaml;
extern const std::string_view marketplace_freshness_yaml;
extern const std::string_view marketplace_geography_yaml;
extern const std::string_view marketplace_hours_yaml;
extern const std::string_view marketplace_offers_yaml;
extern const std::string_view marketplace_overview_yaml;
extern const std::string_view marketplace_prices_yaml;
extern const std::string_view marketplace_refunds_yaml;
extern const std::string_view marketplace_revenue_yaml;
extern const std::string_view marketplace_seller_cohorts_yaml;
extern const std::string_view marketplace_sellers_yaml;
extern const std::string_view marketplace_status_yaml;

}  // namespace embedded

const std::vector<std::pair<std::string_view, std::string_view>>& builtin_dashboards() {
  static const std::vector<std::pair<std::string_view, std::string_view>> all{
      {"flights_overview", embedded::flights_overview_yaml},
      {"marketplace_categories", embedded::marketplace_categories_yaml},
      {"marketplace_customers", embedded::marketplace_customers_yaml},
      {"marketplace_freshness", embedded::marketplace_freshness_yaml},
      {"marketplace_geography", embedded::marketplace_geography_yaml},
      {"marketplace_hours", embedded::marketplace_hours_yaml},
      {"marketplace_offers", embedded::marketplace_offers_yaml},
      {"marketplace_overview", embedded::marketplace_overview_yaml},
      {"marketplace_prices", embedded::marketplace_prices_yaml},
      {"marketplace_refunds", embedded::marketplace_refunds_yaml},
      {"marketplace_revenue", embedded::marketplace_revenue_yaml},
      {"marketplace_seller_cohorts", embedded::marketplace_seller_cohorts_yaml},
      {"marketplace_sellers", embedded::marketplace_sellers_yaml},
      {"marketplace_status", embedded::marketplace_status_yaml},
  };
  return all;
}

}  // namespace canvasback
