import { expect, it } from "vitest";

import { formOf, settingsOf } from "./readingForm";

it("gives the settings that it was made of", () => {
  for (const settings of [
    {},
    { delimiter: "\t", quote: "", escape: "\\", comment: "#", header: false },
    { encoding: "utf-16le", decimal: ",", date_format: "%d.%m.%Y", null_values: ["n/a", "", "-"] },
    { types: { zip: "VARCHAR", "a,b": "DATE" }, all_text: true, header: true },
  ]) {
    expect(settingsOf(formOf(settings))).toEqual(settings);
  }
});

it("leaves to the server what a field does not say", () => {
  const form = formOf({ delimiter: ";", types: { a: "DATE" } });
  expect(settingsOf({ ...form, delimiter: "", types: {}, nullValues: " , " })).toEqual({});
});
