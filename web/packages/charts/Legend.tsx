/** Names of series with their tones; a click filters by one, where that is possible. */
import { labelOf } from "@canvasback/values/visibleText";
import { type FigureSeries, toneOf } from "./shape";

interface LegendProps {
  series: readonly FigureSeries[];
  onPick?: ((key: string | null) => void) | undefined;
}

export function Legend({ series, onPick }: LegendProps) {
  return (
    <ul className="chart-legend">
      {series.map((each, index) => {
        const { key } = each;
        const swatch = (
          <i data-comparison={each.isComparison || undefined} style={{ background: toneOf(index, each) }} />
        );
        return (
          <li key={index}>
            {onPick && key !== undefined ? (
              <button type="button" title={`Filter to ${labelOf(key)}`} onClick={() => onPick(key)}>
                {swatch}
                {each.name}
              </button>
            ) : (
              <span>
                {swatch}
                {each.name}
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
