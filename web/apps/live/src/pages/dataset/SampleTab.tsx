/** Some of the rows, at random, and others at a click. */
import { Button, Select } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useMemo, useState } from "react";

import type { DatasetDetail } from "@canvasback/client/api/schema";
import { quoteName } from "../../state/sqlText";
import type { GridState } from "../../state/gridState";
import { GridPanel } from "../../panel/GridPanel";

const SIZES = ["100", "1000", "10000", "100000"];

export default function SampleTab({ dataset }: { dataset: DatasetDetail }) {
  const [size, setSize] = useState("1000");
  const [seed, setSeed] = useState(1);
  const [state, setState] = useState<GridState>({});
  const source = useMemo(
    () => ({
      sql: `SELECT * FROM ${quoteName(dataset.name)} USING SAMPLE reservoir(${size} ROWS) REPEATABLE (${seed})`,
    }),
    [dataset.name, size, seed],
  );
  return (
    <GridPanel
      label={`Sample of ${dataset.name}`}
      source={source}
      state={state}
      onState={(change) => setState((old) => ({ ...old, ...change }) as GridState)}
      extra={
        <>
          <Select
            aria-label="Sample size"
            w={130}
            allowDeselect={false}
            data={SIZES.map((value) => ({ value, label: `${Number(value).toLocaleString("en")} rows` }))}
            value={size}
            onChange={(value) => setSize(value ?? "1000")}
          />
          <Button
            variant="default"
            leftSection={<IconRefresh size={15} stroke={1.6} />}
            onClick={() => setSeed(seed + 1)}
          >
            Resample
          </Button>
        </>
      }
    />
  );
}
