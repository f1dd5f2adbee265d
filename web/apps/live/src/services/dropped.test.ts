import { expect, it } from "vitest";

import { collectionNameOf, useDropped } from "./dropped";

it("names a collection after a file", () => {
  expect(collectionNameOf("Orders 2024.ndjson.gz", [])).toBe("Orders_2024");
  expect(collectionNameOf("Verkäufe-März.csv", [])).toBe("Verkaufe_Marz");
  expect(collectionNameOf("2024.json", [])).toBe("_2024");
  expect(collectionNameOf("日本.json", [])).toBe("records");
  expect(collectionNameOf("events.json", ["Events", "events_2"])).toBe("events_3");
});

it("gives files to the page of their collection, once", () => {
  const file = new File(["{}"], "a.json");
  useDropped.getState().bring("a", [file]);
  expect(useDropped.getState().take("b")).toEqual([]);
  expect(useDropped.getState().take("a")).toEqual([file]);
  expect(useDropped.getState().take("a")).toEqual([]);
});
