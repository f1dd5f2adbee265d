#include "task/generate_task.hpp"

namespace canvasback {

Json to_json(const GenerateWork& work) {
  Json out;
  out.set("dataset", work.dataset);
  out.set("seed", work.seed);
  out.set("orders", work.orders);
  out.set("changes", work.changes);
  return out;
}

GenerateWork generate_work_from_json(const Json& json) {
  GenerateWork work;
  work.dataset = json.at("dataset").as_string();
  work.seed = json.at("seed").as_int();
  work.orders = json.at("orders").as_int();
  work.changes = json.at("changes").as_int();
  return work;
}

}  // namespace canvasback
