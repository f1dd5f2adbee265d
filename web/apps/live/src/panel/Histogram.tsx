/** Counts as bars. */
export function Histogram({ counts, height, label }: { counts: readonly number[]; height: number; label: string }) {
  const top = Math.max(1, ...counts);
  const step = 100 / Math.max(1, counts.length);
  return (
    <svg
      className="histogram"
      viewBox={`0 0 100 ${height}`}
      preserveAspectRatio="none"
      style={{ height }}
      role="img"
      aria-label={label}
    >
      {counts.map((count, i) => {
        // A bin that has anything at all can be seen.
        const size = count === 0 ? 0 : Math.max(1, (count / top) * (height - 1));
        return <rect key={i} x={i * step} y={height - size} width={step * 0.88} height={size} />;
      })}
    </svg>
  );
}
